import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PHASES, type PhaseName } from '../lib/names.ts';
import { actions, list, statementsOf } from './roles.ts';

const COMMON = [
  'dynamodb: GetItem PutItem',
  'events: PutEvents',
  'sqs: SendMessage ReceiveMessage DeleteMessage GetQueueAttributes ChangeMessageVisibility',
  'logs: CreateLogStream PutLogEvents',
  'xray: PutTelemetryRecords PutTraceSegments',
];
const RESULTS = ['s3: GetObject ListBucket'];
const RUN_WORKERS = ['ecs: RunTask TagResource DescribeTasks ListTasks', 'iam: PassRole', ...RESULTS, 's3: PutObject'];

const READ_GROUPS = 'rds: DescribeDBParameterGroups DescribeDBClusterParameterGroups ListTagsForResource';
const DELETE_DATABASES = [
  'rds: DeleteDBInstance DeleteDBCluster DeleteDBParameterGroup DeleteDBClusterParameterGroup',
  'rds: DescribeDBInstances DescribeDBClusters',
  READ_GROUPS,
];

/** What each phase may do beside what all may. */
const MAY: Record<PhaseName, string[]> = {
  intake: [
    'rds: DescribeDBInstances DescribeDBClusters DescribeDBInstanceAutomatedBackups DescribeDBSnapshots',
    'rds: DescribeDBClusterSnapshots DescribeDBClusterAutomatedBackups ListTagsForResource',
    'rds: DescribeAccountAttributes',
    'dms: DescribeAccountAttributes',
    'secretsmanager: DescribeSecret',
    'sns: Publish',
    ...RUN_WORKERS,
  ],
  provision: [
    'rds: RestoreDBInstanceToPointInTime RestoreDBInstanceFromDBSnapshot',
    'rds: RestoreDBClusterToPointInTime RestoreDBClusterFromSnapshot CreateDBInstance DeleteDBInstance',
    'rds: CreateDBParameterGroup ModifyDBParameterGroup DescribeDBParameters',
    'rds: CreateDBClusterParameterGroup ModifyDBClusterParameterGroup DescribeDBClusterParameters',
    'rds: DescribeDBInstances DescribeDBClusters DescribeDBSubnetGroups AddTagsToResource',
    READ_GROUPS,
  ],
  ddl: [
    'rds: DescribeDBInstances ModifyDBInstance DescribeDBClusters ModifyDBCluster',
    'secretsmanager: CreateSecret GetSecretValue DescribeSecret ListSecretVersionIds TagResource',
    ...RUN_WORKERS,
  ],
  migrate: [
    'dms: CreateReplicationInstance DescribeReplicationInstances DeleteReplicationInstance',
    'dms: CreateEndpoint DescribeEndpoints TestConnection DescribeConnections',
    'dms: CreateReplicationTask DescribeReplicationTasks StartReplicationTask DescribeTableStatistics',
    'dms: AddTagsToResource ListTagsForResource',
    'iam: GetRole',
    'secretsmanager: DescribeSecret',
    ...RUN_WORKERS,
  ],
  finalize: RUN_WORKERS,
  cleanup: [
    'ecs: StopTask',
    'dms: StopReplicationTask DeleteReplicationTask DeleteEndpoint DeleteReplicationInstance ListTagsForResource',
    'dms: DescribeReplicationInstances DescribeReplicationTasks DescribeEndpoints',
    ...DELETE_DATABASES,
    'secretsmanager: DeleteSecret DescribeSecret',
    's3: DeleteObject',
    'sns: Publish',
    ...RUN_WORKERS,
  ],
  complete: ['dynamodb: DeleteItem Query', 'sns: Publish', 's3: PutObject', ...RESULTS],
};

/** What the sweeper may do. It consumes no queue, makes nothing and changes no record. */
const SWEEPER_MAY = [
  'dynamodb: GetItem PutItem Query',
  'events: PutEvents',
  'sqs: SendMessage',
  'logs: CreateLogStream PutLogEvents',
  'xray: PutTelemetryRecords PutTraceSegments',
  'ecs: DescribeTasks ListTasks StopTask',
  'dms: StopReplicationTask DeleteReplicationTask DeleteEndpoint DeleteReplicationInstance ListTagsForResource',
  'dms: DescribeReplicationInstances DescribeReplicationTasks DescribeEndpoints',
  ...DELETE_DATABASES,
  'secretsmanager: DeleteSecret DescribeSecret ListSecrets',
];

describe('a phase may do what its work needs and nothing more', () => {
  for (const phase of PHASES) {
    test(phase, () => {
      const granted = new Set(statementsOf(phase).flatMap((s) => list(s.Action)));
      assert.deepEqual([...granted].sort(), actions([...COMMON, ...MAY[phase]]));
    });
  }

  test('the sweeper', () => {
    const granted = new Set(statementsOf('sweeper').flatMap((s) => list(s.Action)));
    assert.deepEqual([...granted].sort(), actions(SWEEPER_MAY));
  });
});
