/** What a deployment is attached to: that it's there, in one VPC, and of a kind that can be restored. */
import { unless } from './aws.ts';
import type { Plan } from './account.ts';
import { foreignKey } from './keys.ts';
import { allOf } from './looks.ts';

const ENGINES = ['postgres', 'aurora-postgresql'];

interface Subnet {
  readonly SubnetId: string;
  readonly VpcId: string;
  readonly AvailabilityZone: string;
}

interface Database {
  readonly Engine: string;
  readonly DBSubnetGroup?: { readonly VpcId: string } | string;
  /** Of an instance, the cluster that it is a member of. */
  readonly DBClusterIdentifier?: string;
  /** Key of the storage, if it is encrypted. */
  readonly KmsKeyId?: string;
}

/** Everything about the attachment that speaks against the deployment; nothing to say of a demonstration. */
export async function attachmentProblems(plan: Plan): Promise<string[]> {
  if (plan.settings.isDemonstration) return [];
  const looks = [
    subnets(plan, 'subnetIds'),
    subnets(plan, 'databaseSubnetIds'),
    securityGroups(plan),
    source(plan),
    secret(plan),
  ];
  return allOf(looks);
}

function valuesOf({ settings }: Plan, key: string): string[] {
  return (settings.context[key] ?? '').split(',').map((part) => part.trim());
}

async function subnets(plan: Plan, key: string): Promise<string[]> {
  const ids = valuesOf(plan, key);
  const call = plan.place.aws('ec2', 'describe-subnets', '--subnet-ids', ...ids);
  const found = await unless<{ Subnets: Subnet[] }>(['InvalidSubnetID.NotFound', 'InvalidSubnetID.Malformed'], call);
  if (found === undefined) return [`${key}: not all of ${ids.join(', ')} are there`];
  const { vpcId } = plan.settings.context;
  const elsewhere = found.Subnets.filter((subnet) => subnet.VpcId !== vpcId).map(({ SubnetId }) => SubnetId);
  const zones = new Set(found.Subnets.map(({ AvailabilityZone }) => AvailabilityZone));
  return [
    ...(elsewhere.length === 0 ? [] : [`${key}: ${elsewhere.join(', ')} is not in the VPC ${vpcId ?? ''}`]),
    // Of the subnets of a DB subnet group and of a DMS one, RDS and DMS demand the same.
    ...(zones.size > 1 ? [] : [`${key}: all in one zone (${[...zones].join()}); name subnets of two zones at least`]),
  ];
}

async function securityGroups(plan: Plan): Promise<string[]> {
  const ids = valuesOf(plan, 'securityGroupIds');
  const call = plan.place.aws('ec2', 'describe-security-groups', '--group-ids', ...ids);
  const codes = ['InvalidGroup.NotFound', 'InvalidGroupId.Malformed', 'InvalidGroupId.NotFound'];
  const found = await unless<{ SecurityGroups: { GroupId: string; VpcId: string }[] }>(codes, call);
  if (found === undefined) return [`securityGroupIds: not all of ${ids.join(', ')} are there`];
  const { vpcId } = plan.settings.context;
  return found.SecurityGroups.filter((group) => group.VpcId !== vpcId).map(
    ({ GroupId }) => `securityGroupIds: ${GroupId} is not in the VPC ${vpcId ?? ''}`,
  );
}

async function source(plan: Plan): Promise<string[]> {
  const name = plan.settings.context.source ?? '';
  const { aws } = plan.place;
  const [instances, clusters] = await Promise.all([
    unless<{ DBInstances: Database[] }>(
      ['DBInstanceNotFound', 'DBInstanceNotFoundFault'],
      aws('rds', 'describe-db-instances', '--db-instance-identifier', name),
    ),
    unless<{ DBClusters: Database[] }>(
      ['DBClusterNotFoundFault', 'DBClusterNotFound'],
      aws('rds', 'describe-db-clusters', '--db-cluster-identifier', name),
    ),
  ]);
  const found = instances?.DBInstances[0] ?? clusters?.DBClusters[0];
  if (found === undefined) return [`source: there is no instance or cluster ${name} here`];
  if (!ENGINES.includes(found.Engine)) {
    return [`source: ${name} is ${found.Engine}; ${ENGINES.join(' and ')} can be restored`];
  }
  // The policies let restores begin from what has this name, and a member's backups are its cluster's.
  const cluster = instances?.DBInstances[0]?.DBClusterIdentifier;
  if (cluster !== undefined && cluster !== name) {
    return [`source: ${name} is a member of the cluster ${cluster}: name that`];
  }
  const { vpcId } = plan.settings.context;
  const at = typeof found.DBSubnetGroup === 'object' ? found.DBSubnetGroup.VpcId : vpcId;
  // What is restored has its source's key, which the caller must be allowed to grant RDS the use of.
  const key = await foreignKey(plan, found.KmsKeyId);
  return [
    ...(at === vpcId ? [] : [`source: ${name} is in the VPC ${at ?? ''}, not in ${vpcId ?? ''}`]),
    ...(key === undefined
      ? []
      : [`source: the storage of ${name} has the customer key ${key}: set \`kmsKeyArn\` to it`]),
  ];
}

async function secret(plan: Plan): Promise<string[]> {
  const arn = plan.settings.context.sourceSecretArn ?? '';
  const call = plan.place.aws('secretsmanager', 'describe-secret', '--secret-id', arn);
  const found = await unless<{ ARN: string; OwningService?: string; KmsKeyId?: string }>(
    ['ResourceNotFoundException'],
    call,
  );
  if (found === undefined) return [`sourceSecretArn: there is no secret ${arn}`];
  if (found.ARN !== arn) return [`sourceSecretArn: the full ARN is ${found.ARN}, not ${arn}: the policies name it`];
  const isManaged = found.OwningService === 'rds' && plan.settings.context.managedSecrets !== 'true';
  const key = await foreignKey(plan, found.KmsKeyId);
  return [
    ...(isManaged ? ['sourceSecretArn: RDS manages this secret: set `managedSecrets` to `true`'] : []),
    ...(key === undefined
      ? []
      : [
          `sourceSecretArn: the secret has the customer key ${key}: set \`kmsKeyArn\` to it; if the source has another, give the secret that one (aws secretsmanager update-secret --kms-key-id …)`,
        ]),
  ];
}
