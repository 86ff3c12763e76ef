import { type Conditions, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { DEPLOYMENT_TAG_KEY, PHASES, SOURCE_SECRET_TAG_KEY } from './names.ts';
import type { Pipeline } from './pipeline.ts';

/** One statement of a policy, written out: what is allowed, on what, when. */
export function allow(actions: string[], resources: string[], conditions?: Conditions): PolicyStatement {
  return new PolicyStatement({ actions, resources, ...(conditions && { conditions }) });
}

/** What every handler does: keep the record, announce, wake other phases and itself, leave what it can't use in `dead`. */
export function everyHandler(pipeline: Pipeline): PolicyStatement[] {
  const { table, bus, queues } = pipeline;
  const recipients = [...PHASES.map((phase) => queues.phases[phase]), queues.dead];
  return [
    // TransactWriteItems is allowed by the actions of its parts, which are all puts.
    allow(['dynamodb:GetItem', 'dynamodb:PutItem'], [table.tableArn]),
    allow(['events:PutEvents'], [bus.eventBusArn]),
    allow(
      ['sqs:SendMessage'],
      recipients.map((queue) => queue.queueArn),
    ),
    ...useMessageKey(pipeline),
  ];
}

/** Let the X-Ray daemon, which Lambda runs with the function's role, send what it is told. X-Ray knows no resource for it. */
export function sendTraces(): PolicyStatement[] {
  return [allow(['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], ['*'])];
}

/** Read and send messages that a customer key encrypts (SQS developer guide, key management). */
export function useMessageKey({ messageKey, region }: Pipeline): PolicyStatement[] {
  return useKey(messageKey?.keyArn, region, ['sqs'], ['kms:Decrypt', 'kms:GenerateDataKey']);
}

/** Tell an outcome. */
export function tellOutcome({ topic, topicKey, region }: Pipeline): PolicyStatement[] {
  return [
    allow(['sns:Publish'], [topic.topicArn]),
    ...useKey(topicKey?.keyArn, region, ['sns'], ['kms:Decrypt', 'kms:GenerateDataKey']),
  ];
}

/** Hand the worker a job, run it in our cluster with our task definition alone, look at its tasks and read its result. */
export function runWorkers(pipeline: Pipeline): PolicyStatement[] {
  const { names, worker } = pipeline;
  const inCluster = { ArnEquals: { 'ecs:cluster': worker.clusterArn } };
  return [
    files(pipeline, 'work', 'PutObject'),
    ...results(pipeline),
    // Any revision: a restore keeps the one it began with.
    allow(['ecs:RunTask'], [names.arn('ecs', `task-definition/${worker.taskDefinition.family}:*`)], inCluster),
    allow(['ecs:TagResource'], [workerTasks(pipeline)], { StringEquals: { 'ecs:CreateAction': 'RunTask' } }),
    ...watchWorkers(pipeline),
    allow(['iam:PassRole'], [worker.taskRole.roleArn, worker.executionRole.roleArn], {
      StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
    }),
  ];
}

/** Look at the worker's tasks. */
export function watchWorkers(pipeline: Pipeline): PolicyStatement[] {
  const inCluster = { ArnEquals: { 'ecs:cluster': pipeline.worker.clusterArn } };
  return [
    allow(['ecs:DescribeTasks'], [workerTasks(pipeline)], inCluster),
    // ListTasks knows no resource of ours, only the cluster.
    allow(['ecs:ListTasks'], ['*'], inCluster),
  ];
}

/** Stop our own tasks. */
export function stopWorkers(pipeline: Pipeline): PolicyStatement {
  return allow(['ecs:StopTask'], [workerTasks(pipeline)], {
    ArnEquals: { 'ecs:cluster': pipeline.worker.clusterArn },
  });
}

function workerTasks({ names, worker }: Pipeline): string {
  return names.arn('ecs', `task/${worker.clusterName}/*`);
}

/** Prefixes of the bucket: what the cleanup deletes, and what stays for an audit. */
export type Prefix = 'work' | 'audit';

/** Files of restores, below one prefix of the bucket. */
export function files({ bucket }: Pick<Pipeline, 'bucket'>, prefix: Prefix, ...actions: string[]): PolicyStatement {
  return allow(
    actions.map((action) => `s3:${action}`),
    [bucket.arnForObjects(`${prefix}/*`)],
  );
}

/** Read what the worker's jobs found. */
export function results(pipeline: Pipeline): PolicyStatement[] {
  return [files(pipeline, 'audit', 'GetObject'), listing(pipeline, 'audit')];
}

/**
 * List the files below prefixes. S3 asks for it also when a missing file is read, without a prefix then: who may not list
 * is told "access denied" in place of "no such key" (S3 API reference, GetObject).
 */
export function listing({ bucket }: Pick<Pipeline, 'bucket'>, ...prefixes: Prefix[]): PolicyStatement {
  return allow(['s3:ListBucket'], [bucket.bucketArn], {
    StringLikeIfExists: { 's3:prefix': prefixes.map((prefix) => `${prefix}/*`) },
  });
}

/** Secrets that restores create. */
export function temporarySecrets({ names }: Pipeline, ...actions: string[]): PolicyStatement {
  return allow(
    actions.map((action) => `secretsmanager:${action}`),
    [names.secret(`${names.temporary}*`)],
  );
}

/** Secrets of sources: the default's, those tagged for this deployment, and RDS's own where the deployment allows them. */
export function sourceSecrets(
  { names, source, managedSecrets }: Pick<Pipeline, 'names' | 'source' | 'managedSecrets'>,
  action: 'GetSecretValue' | 'DescribeSecret' | 'ListSecretVersionIds',
): PolicyStatement[] {
  return [
    allow([`secretsmanager:${action}`], [source.secretArn, ...(managedSecrets ? [names.secret('rds!*')] : [])]),
    allow([`secretsmanager:${action}`], [names.secret('*')], {
      StringEquals: { [`aws:ResourceTag/${DEPLOYMENT_TAG_KEY}`]: names.deployment },
    }),
  ];
}

/** Read the state of instances, ours and the sources'. Sources opt in by tag, so their names aren't known here. */
export function readInstances({ names }: Pipeline, ...more: string[]): PolicyStatement {
  return allow(['rds:DescribeDBInstances', ...more], [names.rds('db', '*')]);
}

/** Read the state of clusters, ours and the sources'. */
export function readClusters({ names }: Pipeline): PolicyStatement {
  return allow(['rds:DescribeDBClusters'], [names.rds('cluster', '*')]);
}

/** Delete temporary databases and their parameter groups. Never a source: our prefix alone can be deleted. */
export function deleteDatabases(pipeline: Pipeline): PolicyStatement[] {
  const { names } = pipeline;
  const ours = (kind: string) => names.rds(kind, `${names.temporary}*`);
  return [
    allow(['rds:DeleteDBInstance'], [ours('db')]),
    allow(['rds:DeleteDBCluster'], [ours('cluster')]),
    allow(['rds:DeleteDBParameterGroup'], [ours('pg')]),
    allow(['rds:DeleteDBClusterParameterGroup'], [ours('cluster-pg')]),
    readInstances(pipeline, 'rds:ListTagsForResource'),
    readClusters(pipeline),
    ...readParameterGroups(pipeline),
  ];
}

/** Read parameter groups, ours and the sources', and whose they are. */
export function readParameterGroups({ names }: Pipeline): PolicyStatement[] {
  return [
    allow(['rds:DescribeDBParameterGroups'], [names.rds('pg', '*')]),
    allow(['rds:DescribeDBClusterParameterGroups'], [names.rds('cluster-pg', '*')]),
    allow(
      ['rds:ListTagsForResource'],
      ['pg', 'cluster-pg'].map((kind) => names.rds(kind, `${names.temporary}*`)),
    ),
  ];
}

/** Delete our replication resources; what runs is stopped first, and tags prove what is ours. */
export function deleteReplication({ names }: Pipeline): PolicyStatement {
  return allow(
    [
      'dms:DeleteEndpoint',
      'dms:DeleteReplicationInstance',
      'dms:DeleteReplicationTask',
      'dms:ListTagsForResource',
      'dms:StopReplicationTask',
    ],
    names.dms('rep', 'endpoint', 'task'),
  );
}

/** List replication resources: DMS knows no resource for its lists (service authorization reference). */
export function describeReplication(...more: string[]): PolicyStatement {
  return allow(
    ['dms:DescribeEndpoints', 'dms:DescribeReplicationInstances', 'dms:DescribeReplicationTasks', ...more],
    ['*'],
  );
}

/** A request must tag what it creates as ours: the only bound where no name of ours bounds a creation. */
export function taggedAsOurs({ names }: Pipeline): Conditions {
  return { StringEquals: { [`aws:RequestTag/${DEPLOYMENT_TAG_KEY}`]: names.deployment } };
}

/** The resource has opted in as a source. */
export const OPTED_IN: Conditions = { Null: { [`aws:ResourceTag/${SOURCE_SECRET_TAG_KEY}`]: 'false' } };

/**
 * Let RDS or DMS use the customer key, if there is one, for what they make: by a grant (RDS user guide, "AWS KMS key
 * management"), which only an AWS service may get (KMS developer guide, "kms:GrantIsForAWSResource"). Other actions don't
 * know that condition, and would be denied by it.
 */
export function lendKey(keyArn: string | undefined, region: string, service: 'rds' | 'dms'): PolicyStatement[] {
  if (keyArn === undefined) return [];
  const via = viaServices([service], region);
  return [
    allow(['kms:CreateGrant'], [keyArn], { ...via, Bool: { 'kms:GrantIsForAWSResource': 'true' } }),
    allow(['kms:DescribeKey'], [keyArn], via),
  ];
}

/** Use the customer key, if there is one, through the given services alone. */
export function useKey(
  keyArn: string | undefined,
  region: string,
  services: readonly ('secretsmanager' | 'sqs' | 'sns')[],
  actions: string[],
): PolicyStatement[] {
  return keyArn === undefined ? [] : [allow(actions, [keyArn], viaServices(services, region))];
}

function viaServices(services: readonly string[], region: string): Conditions {
  return { StringEquals: { 'kms:ViaService': services.map((service) => `${service}.${region}.amazonaws.com`) } };
}
