import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CustomResource, Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Code, type Function } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { alarmOnLostEvents } from '../alarms.ts';
import { artifactFunction } from '../functions.ts';
import type { Names } from '../names.ts';
import { allow, useKey } from '../permissions.ts';
import { undeliveredQueue, type QueueSettings } from '../queues.ts';
import type { Flows } from './flows.ts';

/** The artifact of the sample functions holds the binary and the certificates of RDS's authorities. */
export const CA_BUNDLE = 'rds-global-bundle.pem';

const EVERY = Duration.minutes(1);

/** What the samples are made of and where they go. */
export interface SamplesProps {
  readonly names: Names;
  readonly region: string;
  /** Directory that holds the Lambda binary `bootstrap` (arm64) and `rds-global-bundle.pem`. */
  readonly artifact: string;
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
  readonly flows: Flows;
  readonly host: string;
  readonly port: string;
  readonly secret: ISecret;
  readonly kmsKeyArn: string | undefined;
  readonly letters: QueueSettings;
  readonly logLevel: string;
  readonly logRetention: RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

/** The sample tenants, loaded at the deployment, and their activity: a checkout of each, every minute. */
export class Samples extends Construct {
  /** Complete when the sample tenants are in the database. */
  readonly tenants: CustomResource;

  constructor(scope: Construct, id: string, props: SamplesProps) {
    super(scope, id);
    const code = codeOf(props.artifact);
    const { flows } = props;

    const mailbox = flows.client('sample-tenants', 'The function that loads the sample tenants');
    flows.letReachS3(mailbox, 'S3: the answer to CloudFormation');
    const loading = new Construct(this, 'Loading');
    const loader = sampleFunction(loading, props, code, mailbox, {
      name: 'sample-tenants',
      purpose: 'Loads the sample tenants at the deployment; those that are there stay as they are',
      timeout: Duration.minutes(5),
    });
    this.tenants = new CustomResource(loading, 'Tenants', {
      serviceToken: loader.functionArn,
      resourceType: 'Custom::SampleTenants',
      // Without it, CloudFormation waits an hour for a function that ended without an answer.
      serviceTimeout: Duration.minutes(10),
      // Another database gets the tenants too.
      properties: { Host: props.host },
    });

    const shoppers = flows.client('activity', 'The function that is the activity of the sample tenants');
    const activity = new Construct(this, 'Activity');
    const shop = sampleFunction(activity, props, code, shoppers, {
      name: 'activity',
      purpose:
        'A checkout of each sample tenant, so that a restore can be seen to disturb nobody; an accident on demand',
      timeout: Duration.seconds(50),
    });
    everyMinute(activity, props, shop).node.addDependency(this.tenants);
  }
}

function codeOf(artifact: string): Code {
  for (const file of ['bootstrap', CA_BUNDLE]) {
    if (existsSync(join(artifact, file))) continue;
    throw new Error(
      `the sample functions' artifact ${artifact} lacks ${file}: see infra/README.md, "The demonstration"`,
    );
  }
  return Code.fromAsset(artifact);
}

function sampleFunction(
  scope: Construct,
  props: SamplesProps,
  code: Code,
  group: ISecurityGroup,
  one: { readonly name: string; readonly purpose: string; readonly timeout: Duration },
): Function {
  const { names, secret, host, port, kmsKeyArn, region, vpc, subnets } = props;
  return artifactFunction(scope, {
    ...one,
    names,
    code,
    logRetention: props.logRetention,
    removalPolicy: props.removalPolicy,
    // They belong to no restore.
    tracing: false,
    policies: {
      login: [
        allow(['secretsmanager:GetSecretValue'], [secret.secretArn]),
        ...useKey(kmsKeyArn, region, ['secretsmanager'], ['kms:Decrypt']),
      ],
      network: networkInterfaces(names.arn('lambda', `function:${names.of(one.name)}`)),
    },
    environment: {
      DATABASE_HOST: host,
      DATABASE_PORT: port,
      DATABASE_SECRET_ARN: secret.secretArn,
      PGSSLROOTCERT: `/var/task/${CA_BUNDLE}`,
      RUST_LOG: props.logLevel,
    },
    network: { vpc, vpcSubnets: subnets, securityGroups: [group] },
  });
}

/**
 * Lambda makes the interfaces of a function in a VPC with the function's role; the function's own code has no use for that
 * (Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC").
 */
function networkInterfaces(functionArn: string): PolicyStatement[] {
  const actions = [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
  ];
  const conditions = { ArnEquals: { 'lambda:SourceFunctionArn': functionArn } };
  return [allow(actions, ['*']), new PolicyStatement({ effect: Effect.DENY, actions, resources: ['*'], conditions })];
}

/** Invokes a function every minute; the next minute makes up for one that was missed. */
function everyMinute(scope: Construct, { names, letters }: SamplesProps, invoked: Function): Rule {
  invoked.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: EVERY });
  const name = 'activity-schedule';
  const rule = new Rule(scope, 'Schedule', {
    ruleName: names.of(name),
    schedule: Schedule.rate(EVERY),
    targets: [
      new LambdaFunction(invoked, {
        deadLetterQueue: undeliveredQueue(scope, letters, name),
        maxEventAge: EVERY,
      }),
    ],
  });
  if (letters.key !== undefined) alarmOnLostEvents(scope, letters, { rule: name, eventBus: undefined });
  return rule;
}
