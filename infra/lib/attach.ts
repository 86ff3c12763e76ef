import { Token } from 'aws-cdk-lib';
import type { IConnectable, ISubnet, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IDatabaseCluster, IDatabaseInstance } from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { DEFAULT_PORT } from './network.ts';
import type { NetworkProps, SourceProps } from './props.ts';

/** An instance that the app makes or refers to, as the default source. */
export function instanceAsSource(instance: IDatabaseInstance, masterSecret: ISecret): SourceProps {
  return { identifier: instance.instanceIdentifier, secretArn: fullArn(masterSecret) };
}

/** An Aurora cluster that the app makes or refers to, as the default source. */
export function clusterAsSource(cluster: IDatabaseCluster, masterSecret: ISecret): SourceProps {
  return { identifier: cluster.clusterIdentifier, secretArn: fullArn(masterSecret) };
}

/** Policies name the secret itself: a partial ARN would also mean others whose names begin alike. */
function fullArn(secret: ISecret): string {
  if (secret.secretFullArn === undefined) {
    throw new Error(
      `the source's secret ${secret.node.path} needs its full ARN, with the six random characters at its end`,
    );
  }
  return secret.secretFullArn;
}

/** Where the pipeline meets databases of a VPC that the app makes or refers to. */
export interface VpcAttachment {
  /** The VPC of the source databases. */
  readonly vpc: IVpc;
  /** Private subnets with a way to AWS's APIs, in two zones at least: for the ECS tasks and DMS. */
  readonly taskSubnets: SubnetSelection;
  /** Isolated subnets in two zones at least, for the temporary databases. */
  readonly databaseSubnets: SubnetSelection;
  /** The source databases; their security groups each get an ingress rule. */
  readonly sources: readonly IConnectable[];
  /** Ports on which they listen. @default those that the sources name, and 5432 for one that names none yet */
  readonly databasePorts?: readonly number[];
}

/**
 * The pipeline's network from constructs.
 *
 * @throws on subnets in one zone, which DMS and RDS refuse at the deployment only, and on a source that no rule could open:
 * every preflight would time out.
 */
export function networkIn(attachment: VpcAttachment): NetworkProps {
  const { vpc, sources, databasePorts } = attachment;
  if (sources.length === 0) throw new Error('name one source at least');
  return {
    vpcId: vpc.vpcId,
    taskSubnetIds: subnetsOf(vpc, attachment.taskSubnets, 'taskSubnets'),
    databaseSubnetIds: subnetsOf(vpc, attachment.databaseSubnets, 'databaseSubnets'),
    sourceSecurityGroupIds: [...new Set(sources.flatMap(groupsOf))],
    databasePorts: databasePorts ?? [...new Set(sources.map(portOf))],
  };
}

function groupsOf(source: IConnectable): readonly string[] {
  const groups = source.connections.securityGroups.map((group) => group.securityGroupId);
  if (groups.length === 0) {
    const name = Construct.isConstruct(source) ? source.node.path : 'without a name';
    throw new Error(`the source ${name} has no security group that could let the pipeline in`);
  }
  return groups;
}

/** What CloudFormation alone will know is taken for the default. */
function portOf({ connections }: IConnectable): number {
  const { fromPort } = (connections.defaultPort?.toRuleJson() ?? {}) as { fromPort?: number };
  return fromPort === undefined || Token.isUnresolved(fromPort) ? DEFAULT_PORT : fromPort;
}

function subnetsOf(vpc: IVpc, selection: SubnetSelection, what: string): readonly string[] {
  const { subnets } = vpc.selectSubnets(selection);
  const ids = subnets.map((subnet) => subnet.subnetId);
  if (new Set(ids).size < 2) throw new Error(`${what} must be two subnets at least, not ${ids.join() || 'none'}`);
  const zones = new Set(subnets.map(zoneOf));
  if (zones.size < 2 && !zones.has(undefined)) {
    throw new Error(`${what} must lie in two zones at least, not in ${[...zones].join()} alone`);
  }
  return ids;
}

/** The zone, if it is known now. The CDK throws for a subnet that is known by its id alone. */
function zoneOf(subnet: ISubnet): string | undefined {
  try {
    return Token.isUnresolved(subnet.availabilityZone) ? undefined : subnet.availabilityZone;
  } catch {
    return undefined;
  }
}
