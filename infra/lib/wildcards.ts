import { Stack, Validations } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';

/** Why an action is allowed on all resources: AWS knows none for it (service authorization reference). */
export const WITHOUT_RESOURCE: Readonly<Record<string, string>> = {
  'dms:CreateEndpoint': 'it has no resource before it is made; the request must carry our tag',
  'dms:CreateReplicationInstance': 'it has no resource before it is made; the request must carry our tag',
  'dms:DescribeAccountAttributes': 'quotas belong to the account',
  'dms:DescribeConnections': 'lists of DMS know no resource',
  'dms:DescribeEndpoints': 'lists of DMS know no resource',
  'dms:DescribeReplicationInstances': 'lists of DMS know no resource',
  'dms:DescribeReplicationTasks': 'lists of DMS know no resource',
  'ecr:GetAuthorizationToken': 'the login to ECR is for the whole registry',
  'ecs:ListTasks': 'it knows container instances alone, which Fargate has not; the condition names our cluster',
  'rds:DescribeAccountAttributes': 'quotas belong to the account',
  'secretsmanager:ListSecrets': 'the list knows no resource',
};

/** Why a resource is named by a pattern, by the end of its ARN. The first that fits counts. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [
    /:(db|cluster|pg|cluster-pg|secret|rep|endpoint|task):tr-[a-z0-9]+-\*$/,
    'temporary resources have names of our prefix',
  ],
  [/\/(work|audit)\/\*$/, "every restore's files lie below this prefix of our bucket"],
  [/:task-definition\/[a-z0-9-]+-worker:\*$/, 'a restore keeps the revision of our task definition that it began with'],
  [/:task\/[a-z0-9-]+\/\*$/, 'tasks of our cluster have ids that ECS makes'],
  [/:secret:\*$/, "sources opt in by tag: the condition demands this deployment's tag of the secret"],
  [/:secret:rds!\*$/, 'the deployment accepts sources whose secret RDS names'],
  [/:(db|cluster|auto-backup|cluster-auto-backup):\*$/, 'sources opt in by tag: their names are unknown here'],
  [/:(snapshot|cluster-snapshot):\*$/, 'a request names a snapshot; intake proves whose it is'],
  [/:(pg|cluster-pg|og):\*$/, "the sources' parameter and option groups are unknown here"],
  [/:repository\/\*$/, "the worker's image may lie in any repository of this account"],
];

/** A statement of a policy, as a construct or from a template. */
export interface Granted {
  readonly actions: readonly string[];
  /** ARNs, or what CloudFormation makes ARNs of. */
  readonly resources: readonly unknown[];
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
      .map((resource) => explained(resource, statement.actions)),
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

function explained(resource: string, actions: readonly string[]): Wildcard {
  const known =
    resource === '*'
      ? actions.map((action) => WITHOUT_RESOURCE[action])
      : [PATTERNS.find(([pattern]) => pattern.test(resource))?.[1]];
  const reasons = known.filter((reason) => reason !== undefined);
  return {
    resource,
    actions,
    ...(reasons.length === known.length && { reason: [...new Set(reasons)].join('; ') }),
  };
}

/** The value as text, as cdk-nag writes it into the ids of its findings. */
function written(value: unknown): string {
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
