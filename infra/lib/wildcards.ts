import { Stack, Validations } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { DEPLOYMENT_TAG_KEY, SOURCE_SECRET_TAG_KEY } from './names.ts';

/** Why some actions are allowed on resources that no ARN names. */
interface Reason {
  /** Ends of ARNs, or all resources. */
  readonly resource: RegExp;
  readonly actions: RegExp;
  /** What the statement must hold besides: operator, key and, for `Null`, the value. */
  readonly condition?: string;
  readonly why: string;
}

const ALL = /^\*$/;
const READS_SECRETS = /^secretsmanager:(DescribeSecret|GetSecretValue|ListSecretVersionIds)$/;
const READS_DATABASES = /^rds:(Describe\w+|ListTagsForResource)$/;
const RESTORES = /^rds:RestoreDB\w+$/;

/**
 * The first that fits counts. Actions are allowed on all resources where AWS knows none for them (service authorization
 * reference), but for creations of DMS.
 */
const REASONS: readonly Reason[] = [
  {
    resource: ALL,
    actions:
      /^ec2:((Assign|Unassign)PrivateIpAddresses|(Create|Delete)NetworkInterface|Describe(NetworkInterfaces|Subnets))$/,
    why: "Lambda makes the interfaces of a function in a VPC with the function's role; its own code is denied that",
  },
  {
    resource: ALL,
    actions: /^dms:Create(Endpoint|ReplicationInstance)$/,
    condition: `StringEquals aws:RequestTag/${DEPLOYMENT_TAG_KEY}`,
    why: "which ARN AWS holds against a pattern before the resource exists wasn't tried; the request must carry our tag",
  },
  {
    resource: /:(rep|endpoint|task):\*$/,
    actions: /^dms:AddTagsToResource$/,
    condition: `StringEquals aws:RequestTag/${DEPLOYMENT_TAG_KEY}`,
    why: "which ARN AWS holds against a pattern when something is made with tags wasn't tried; the request must carry our tag",
  },
  {
    resource: ALL,
    actions: /^dms:Describe(Connections|Endpoints|ReplicationInstances|ReplicationTasks)$/,
    why: 'lists of DMS know no resource',
  },
  { resource: ALL, actions: /^(dms|rds):DescribeAccountAttributes$/, why: 'quotas belong to the account' },
  {
    resource: ALL,
    actions: /^ecr:GetAuthorizationToken$/,
    why: 'the login to ECR is for the whole registry',
  },
  {
    resource: ALL,
    actions: /^ecs:ListTasks$/,
    condition: 'ArnEquals ecs:cluster',
    why: 'it knows container instances alone, which Fargate has not; the condition names our cluster',
  },
  {
    resource: ALL,
    actions: /^xray:Put(TelemetryRecords|TraceSegments)$/,
    why: 'X-Ray knows no resource for what is sent',
  },
  { resource: ALL, actions: /^secretsmanager:ListSecrets$/, why: 'the list knows no resource' },
  {
    resource: /:(db|cluster|pg|cluster-pg|secret|rep|endpoint|task):tr-[a-z0-9]+-\*$/,
    actions: /^(dms|rds|secretsmanager):/,
    why: 'temporary resources have names of our prefix',
  },
  {
    resource: /\/(work|audit)\/\*$/,
    actions: /^s3:(Delete|Get|Put)Object$/,
    why: "every restore's files lie below this prefix of our bucket",
  },
  {
    resource: /:task-definition\/[a-z0-9-]+-worker:\*$/,
    actions: /^ecs:RunTask$/,
    why: 'a restore keeps the revision of our task definition that it began with',
  },
  {
    resource: /:task\/[a-z0-9-]+\/\*$/,
    actions: /^ecs:(DescribeTasks|StopTask|TagResource)$/,
    why: 'tasks of our cluster have ids that ECS makes',
  },
  {
    resource: /:secret:\*$/,
    actions: READS_SECRETS,
    condition: `StringEquals aws:ResourceTag/${DEPLOYMENT_TAG_KEY}`,
    why: "sources opt in by tag: the condition demands this deployment's tag of the secret",
  },
  {
    resource: /:secret:rds!\*$/,
    actions: READS_SECRETS,
    why: 'the deployment accepts sources whose secret RDS names',
  },
  {
    resource: /:(db|cluster|auto-backup|cluster-auto-backup):\*$/,
    actions: READS_DATABASES,
    why: 'sources opt in by tag: their names are unknown here',
  },
  {
    resource: /:(db|cluster|auto-backup|cluster-auto-backup):\*$/,
    actions: RESTORES,
    condition: `Null aws:ResourceTag/${SOURCE_SECRET_TAG_KEY} false`,
    why: 'sources opt in by tag: the condition demands that they have it',
  },
  {
    resource: /:(snapshot|cluster-snapshot):\*$/,
    actions: new RegExp(`${READS_DATABASES.source}|${RESTORES.source}`),
    why: 'a request names a snapshot; intake proves whose it is',
  },
  {
    resource: /:(pg|cluster-pg|og):\*$/,
    actions: new RegExp(`${READS_DATABASES.source}|${RESTORES.source}`),
    why: "the sources' parameter and option groups are unknown here",
  },
  {
    resource: /:repository\/\*$/,
    actions: /^ecr:(BatchCheckLayerAvailability|BatchGetImage|GetDownloadUrlForLayer)$/,
    why: "the worker's image may lie in any repository of this account",
  },
];

/** A statement of a policy, as a construct or from a template. */
export interface Granted {
  readonly actions: readonly string[];
  /** ARNs, or what CloudFormation makes ARNs of. */
  readonly resources: readonly unknown[];
  /** By operator and key. */
  readonly conditions?: unknown;
}

/** A wildcard in a policy, and why it is there. */
export interface Wildcard {
  /** The resource as it stands in the policy, references in angle brackets. */
  readonly resource: string;
  readonly actions: readonly string[];
  /** Absent when nobody has given one. */
  readonly reason?: string;
}

/** The wildcards among the resources of these statements. */
export function wildcardsOf(stack: Stack, statements: readonly Granted[]): Wildcard[] {
  return statements.flatMap((statement) =>
    statement.resources
      .map((resource) => written(stack.resolve(resource)))
      .filter((resource) => resource.includes('*'))
      .map((resource) => explained(resource, statement)),
  );
}

/** Tells cdk-nag why a role's policy has each of its wildcards; one without a reason stays a finding. */
export function explainWildcards(role: Role, statements: readonly Granted[]): void {
  const reasons = new Map<string, Set<string>>();
  const unexplained = new Set<string>();
  for (const { resource, reason } of wildcardsOf(Stack.of(role), statements)) {
    if (reason === undefined) unexplained.add(resource);
    else reasons.set(resource, (reasons.get(resource) ?? new Set<string>()).add(reason));
  }
  for (const [resource, all] of reasons) {
    if (unexplained.has(resource)) continue;
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${resource}]`,
      reason: [...all].join('; '),
    });
  }
}

function explained(resource: string, { actions, conditions }: Granted): Wildcard {
  const held = heldBy(conditions);
  const known = actions.map((action) => {
    const fits = (reason: Reason) =>
      reason.resource.test(resource) &&
      reason.actions.test(action) &&
      (reason.condition === undefined || held.includes(reason.condition));
    return REASONS.find(fits)?.why;
  });
  const reasons = known.filter((reason) => reason !== undefined);
  return {
    resource,
    actions,
    ...(reasons.length === known.length && { reason: [...new Set(reasons)].join('; ') }),
  };
}

/** A statement's conditions as reasons name them. */
function heldBy(conditions: unknown): string[] {
  return Object.entries((conditions ?? {}) as Record<string, Record<string, unknown>>).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, value]) => [operator, key, ...(operator === 'Null' ? [value] : [])].join(' ')),
  );
}

/** The value as text, as cdk-nag writes it into the ids of its findings. */
export function written(value: unknown): string {
  if (typeof value === 'string') return value.replaceAll('${', '<').replaceAll('}', '>');
  if (typeof value !== 'object' || value === null) return String(value);
  const object = value as Record<string, unknown>;
  if ('Ref' in object) return `<${String(object.Ref)}>`;
  if ('Fn::GetAtt' in object) return `<${(object['Fn::GetAtt'] as string[]).join('.')}>`;
  if ('Fn::Sub' in object) return written(object['Fn::Sub']);
  if ('Fn::ImportValue' in object) return written(object['Fn::ImportValue']);
  if (!('Fn::Join' in object)) return JSON.stringify(value);
  const [separator, parts] = object['Fn::Join'] as [string, unknown[]];
  return parts.map(written).join(separator);
}
