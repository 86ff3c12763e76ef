import { Stack } from 'aws-cdk-lib';
import {
  CfnFlowLog,
  GatewayVpcEndpoint,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type ISecurityGroup,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { RemovalPolicy } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';
import { allow } from '../permissions.ts';

/**
 * The services that private components call, besides S3, which has a gateway:
 *
 * - `secretsmanager`: the worker, DMS, the sample functions and the rotation of the secret;
 * - `ecr.api`, `ecr.dkr`, `logs`: Fargate, to start the worker and to keep its log. Lambda and DMS deliver theirs outside
 *   of the VPC.
 *
 * The worker's credentials come from ECS itself, so nothing calls STS. Handlers aren't in the VPC.
 */
export const INTERFACES = {
  SecretsManager: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
  EcrApi: InterfaceVpcEndpointAwsService.ECR,
  EcrDocker: InterfaceVpcEndpointAwsService.ECR_DOCKER,
  Logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
} as const;

/** How the demonstration's network is made. */
export interface DemonstrationNetworkProps {
  readonly names: Names;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * The VPC of the demonstration, in two zones. Its default security group stays as AWS makes it, open to itself: nothing is in
 * it, CloudFormation knows no way to take rules from a group that it didn't make, and the CDK's is a custom resource. `database` subnets have no route but the local one: production and the
 * temporary databases are there. `restoration` subnets also reach S3 and the endpoints of AWS's services: all that works
 * on databases is there. `public` subnets are empty, for what a viewer brings. There is no NAT.
 */
export class DemonstrationNetwork extends Construct {
  readonly vpc: Vpc;
  readonly databaseSubnets: SubnetSelection = { subnetGroupName: 'database' };
  readonly restorationSubnets: SubnetSelection = { subnetGroupName: 'restoration' };

  constructor(scope: Construct, id: string, props: DemonstrationNetworkProps) {
    super(scope, id);
    this.vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.0.0.0/16'),
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [
        { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        { name: 'database', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
        { name: 'restoration', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
      ],
    });
    this.logRefusals(props);
  }

  /** Makes the endpoints, which this group guards. What calls AWS at the deployment depends on the answer. */
  addEndpoints(guard: ISecurityGroup, names: Names): Construct {
    const endpoints = new Construct(this, 'Endpoints');
    for (const [name, service] of Object.entries(INTERFACES)) {
      const endpoint = new InterfaceVpcEndpoint(endpoints, name, {
        vpc: this.vpc,
        service,
        subnets: this.restorationSubnets,
        securityGroups: [guard],
        open: false,
      });
      endpoint.addToPolicy(ourPrincipalsAlone(Stack.of(this)));
    }
    const s3 = new GatewayVpcEndpoint(endpoints, 'S3', {
      vpc: this.vpc,
      service: GatewayVpcEndpointAwsService.S3,
      subnets: [this.restorationSubnets],
    });
    for (const statement of whatS3Is(names, Stack.of(this))) s3.addToPolicy(statement);
    return endpoints;
  }

  /** What the security groups refuse, for whoever wonders why nothing answers. */
  private logRefusals({ names, removalPolicy }: DemonstrationNetworkProps): void {
    const logGroup = new LogGroup(this, 'Refused', {
      logGroupName: `/vpc/${names.of('refused')}`,
      retention: RetentionDays.ONE_WEEK,
      removalPolicy,
    });
    const write = allow(
      ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
      [logGroup.logGroupArn],
    );
    const role = new Role(this, 'FlowLogRole', {
      roleName: names.of('flow-log'),
      assumedBy: new ServicePrincipal('vpc-flow-logs.amazonaws.com'),
      inlinePolicies: { logs: new PolicyDocument({ statements: [write] }) },
    });
    new CfnFlowLog(this, 'FlowLog', {
      resourceId: this.vpc.vpcId,
      resourceType: 'VPC',
      trafficType: 'REJECT',
      deliverLogsPermissionArn: role.roleArn,
      logDestinationType: 'cloud-watch-logs',
      logGroupName: logGroup.logGroupName,
    });
  }
}

/**
 * Nobody takes rows out by the credentials of another account. All who call by these endpoints have roles of this one: Fargate
 * pulls the image and writes the log with the task's execution role, for which ECR's login token stands too (ECR user guide,
 * "Amazon ECR interface VPC endpoints", has such a policy on both of its endpoints); the worker has its task role; DMS reads
 * secrets by the role that its endpoints name; the two functions and AWS's rotation function have roles of theirs. S3's
 * gateway can't say the same: the links to layers, and those of CloudFormation's mailbox, are signed by AWS's accounts.
 */
function ourPrincipalsAlone({ account }: Stack): PolicyStatement {
  return new PolicyStatement({
    principals: [new AnyPrincipal()],
    actions: ['*'],
    resources: ['*'],
    conditions: { StringEquals: { 'aws:PrincipalAccount': account } },
  });
}

/** What may be reached through the gateway: the pipeline's bucket, ECR's layers, CloudFormation's mailbox. */
function whatS3Is(names: Names, { partition, region }: Stack): PolicyStatement[] {
  const s3 = (name: string) => `arn:${partition}:s3:::${name}`;
  const anyone = (actions: string[], resources: string[]) =>
    new PolicyStatement({ principals: [new AnyPrincipal()], actions, resources });
  return [
    anyone(['s3:GetObject', 's3:ListBucket', 's3:PutObject'], [s3(names.bucket), s3(`${names.bucket}/*`)]),
    // ECR user guide, "Minimum Amazon S3 bucket permissions for Amazon ECR".
    anyone(['s3:GetObject'], [s3(`prod-${region}-starport-layer-bucket/*`)]),
    // Answers of custom resources (CloudFormation user guide, "VPC endpoints"); the rest of the name is the region without hyphens.
    anyone(['s3:PutObject'], [s3('cloudformation-custom-resource-response-*/*')]),
  ];
}
