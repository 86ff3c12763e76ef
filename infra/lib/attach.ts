import type { IConnectable, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IDatabaseCluster, IDatabaseInstance } from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
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
  /** Ports on which they listen. @default [5432] */
  readonly databasePorts?: readonly number[];
}

/**
 * The pipeline's network from constructs.
 *
 * @throws when subnets lie in one zone: DMS and RDS refuse such a group at the deployment only.
 */
export function networkIn(attachment: VpcAttachment): NetworkProps {
  const { vpc, sources, databasePorts } = attachment;
  return {
    vpcId: vpc.vpcId,
    taskSubnetIds: subnetsOf(vpc, attachment.taskSubnets, 'taskSubnets'),
    databaseSubnetIds: subnetsOf(vpc, attachment.databaseSubnets, 'databaseSubnets'),
    sourceSecurityGroupIds: sources.flatMap((source) =>
      source.connections.securityGroups.map((group) => group.securityGroupId),
    ),
    ...(databasePorts && { databasePorts }),
  };
}

function subnetsOf(vpc: IVpc, selection: SubnetSelection, what: string): readonly string[] {
  const { subnetIds, availabilityZones } = vpc.selectSubnets(selection);
  if (new Set(availabilityZones).size < 2) {
    throw new Error(`${what} must lie in two zones at least, not in ${availabilityZones.join() || 'none'}`);
  }
  return subnetIds;
}
