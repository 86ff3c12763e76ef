import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import { PHASES, type PhaseName } from '../lib/names.ts';
import { ACCOUNT, named, REGION, resolve, resources, SOURCE_SECRET, synthesize } from './template.ts';

const template = synthesize();

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: string | string[];
  readonly Condition?: Record<string, Record<string, string | string[]>>;
}

const list = (value: string | string[]): string[] => (Array.isArray(value) ? value : [value]);

/** All statements of a role, resolved. */
function statementsOf(role: string, from = template): Statement[] {
  const { Properties } = named(from, 'AWS::IAM::Role', 'RoleName', `tenant-restore-${role}`);
  const policies = resolve(from, Properties.Policies) as { PolicyDocument: { Statement: Statement[] } }[];
  return policies.flatMap((policy) => policy.PolicyDocument.Statement);
}

/** `service: Action Action …` as a list of actions. */
function actions(lines: string[]): string[] {
  return lines
    .flatMap((line) => {
      const [service = '', names = ''] = line.split(': ');
      return names.split(' ').map((name) => `${service}:${name}`);
    })
    .filter((action, index, all) => all.indexOf(action) === index)
    .sort();
}

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

/**
 * Actions for which AWS knows no resource (service authorization reference), and two of which nobody has tried what AWS
 * holds the pattern against.
 */
const WITHOUT_RESOURCE = actions([
  'dms: CreateEndpoint CreateReplicationInstance',
  'dms: DescribeConnections DescribeEndpoints DescribeReplicationInstances DescribeReplicationTasks',
  'rds: DescribeAccountAttributes',
  'dms: DescribeAccountAttributes',
  'ecs: ListTasks',
  'secretsmanager: ListSecrets',
  'xray: PutTelemetryRecords PutTraceSegments',
  'ecr: GetAuthorizationToken',
]);

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

const FUNCTIONS = [...PHASES, 'sweeper'];
const ROLES = [...FUNCTIONS, 'worker-task', 'worker-start', 'dms-secrets'];

describe('every role', () => {
  test('belongs to one function, to the worker or to DMS', () => {
    const names = Object.values(resources(template, 'AWS::IAM::Role')).map((role) => role.Properties.RoleName);
    assert.deepEqual(names.sort(), ROLES.map((role) => `tenant-restore-${role}`).sort());
  });

  test('has all its rights written in it, none from a managed or a later policy', () => {
    assert.deepEqual(resources(template, 'AWS::IAM::Policy'), {});
    for (const role of Object.values(resources(template, 'AWS::IAM::Role'))) {
      assert.equal(role.Properties.ManagedPolicyArns, undefined);
    }
  });

  for (const role of ROLES) {
    test(`${role} is allowed no group of actions by wildcard`, () => {
      for (const action of statementsOf(role).flatMap((s) => list(s.Action))) assert.doesNotMatch(action, /\*/);
    });

    test(`${role} is bound to resources wherever AWS knows one`, () => {
      for (const statement of statementsOf(role)) {
        if (!list(statement.Resource).includes('*')) continue;
        for (const action of list(statement.Action)) assert.ok(WITHOUT_RESOURCE.includes(action), action);
      }
    });

    test(`${role} hands on roles to the services that they are meant for, and to no other`, () => {
      for (const statement of statementsOf(role).filter((s) => s.Action === 'iam:PassRole')) {
        const services = list(statement.Condition?.StringEquals?.['iam:PassedToService'] ?? []);
        const forDms = list(statement.Resource).every((arn) => arn.endsWith('role/tenant-restore-dms-secrets'));
        const expected = forDms ? ['dms.amazonaws.com', `dms.${REGION}.amazonaws.com`] : ['ecs-tasks.amazonaws.com'];
        assert.deepEqual(services, expected);
        for (const arn of list(statement.Resource)) assert.match(arn, /:role\/tenant-restore-(worker|dms)-/);
      }
    });
  }
});

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

  test('the sweeper wakes phases, and lists by the index alone', () => {
    const of = (action: string) => statementsOf('sweeper').find((s) => list(s.Action).includes(action));
    assert.deepEqual(
      list(of('sqs:SendMessage')?.Resource ?? []),
      PHASES.map((phase) => `arn:aws:sqs:${REGION}:${ACCOUNT}:tenant-restore-${phase}`),
    );
    assert.match(String(of('dynamodb:Query')?.Resource), /:table\/tenant-restore\/index\/byStarted$/);
  });

  test('what keeps, tells or wakes is the own table, bus, queues, topic and bucket of the deployment, and no other', () => {
    const ours = [
      /^arn:aws:dynamodb:.*:table\/tenant-restore(\/index\/byStarted)?$/,
      /^arn:aws:events:.*:event-bus\/tenant-restore$/,
      new RegExp(`^arn:aws:sqs:.*:tenant-restore-(${[...PHASES, 'dlq', 'dead'].join('|')})$`),
      /^tenant-restore-outcomes$/,
      new RegExp(`^arn:aws:s3:::tenant-restore-${ACCOUNT}-${REGION}(/(work|audit)/\\*)?$`),
    ];
    for (const role of FUNCTIONS) {
      const kept = statementsOf(role).filter((s) => /^(dynamodb|events|sqs|sns|s3):/.test(String(list(s.Action)[0])));
      assert.ok(kept.length > 0, role);
      for (const arn of kept.flatMap((s) => list(s.Resource))) {
        assert.ok(
          ours.some((one) => one.test(arn)),
          `${role} ${arn}`,
        );
      }
    }
  });

  test('what changes or deletes a database, a secret or a replication resource is bound to our temporary names', () => {
    const changing =
      /^(rds:(Modify|Delete|AddTags)|secretsmanager:(Create|Put|Delete|Tag)|dms:(Delete|Stop|Start|AddTags))/;
    const ours =
      /^arn:aws:(rds|dms|secretsmanager):eu-west-3:111122223333:(db|cluster|pg|cluster-pg|rep|endpoint|task|secret):tr-main-\*$/;
    let seen = 0;
    for (const statement of FUNCTIONS.flatMap((name) => statementsOf(name))) {
      if (!list(statement.Action).some((action) => changing.test(action))) continue;
      // Tags at a creation: the next test.
      if (statement.Action === 'dms:AddTagsToResource') continue;
      for (const arn of list(statement.Resource)) assert.match(arn, ours);
      seen += 1;
    }
    assert.ok(seen >= 9);
  });

  test('what DMS creates must be tagged as ours', () => {
    const creating = statementsOf('migrate').filter((s) => list(s.Action).some((a) => a.startsWith('dms:Create')));
    assert.equal(creating.length, 2);
    for (const statement of creating) {
      assert.deepEqual(statement.Condition, {
        StringEquals: { 'aws:RequestTag/tenant-restore:deployment': 'tenant-restore' },
      });
    }
  });

  test('what DMS creates may be tagged also where it has no name yet, as ours alone, and nothing but tagged', () => {
    const dms = (kind: string) => `arn:aws:dms:${REGION}:${ACCOUNT}:${kind}:*`;
    const tagging = FUNCTIONS.flatMap((name) => statementsOf(name)).filter(({ Resource }) =>
      list(Resource).some((arn) => /:dms:.*:\*$/.test(arn)),
    );
    assert.deepEqual(tagging, [
      {
        Effect: 'Allow',
        Action: 'dms:AddTagsToResource',
        Resource: [dms('rep'), dms('endpoint'), dms('task')],
        Condition: { StringEquals: { 'aws:RequestTag/tenant-restore:deployment': 'tenant-restore' } },
      },
    ]);
    const [byName] = statementsOf('migrate').filter(({ Action }) => list(Action).includes('dms:AddTagsToResource'));
    assert.deepEqual(
      list(byName?.Resource ?? []),
      [dms('rep'), dms('endpoint'), dms('task')].map((arn) => arn.replace('*', 'tr-main-*')),
    );
  });

  test('what RDS creates must be tagged as ours and bears our names', () => {
    const creating = statementsOf('provision').filter((s) => list(s.Action).some((a) => a.startsWith('rds:Create')));
    assert.equal(creating.length, 3);
    for (const statement of creating) {
      assert.deepEqual(statement.Condition, {
        StringEquals: { 'aws:RequestTag/tenant-restore:deployment': 'tenant-restore' },
      });
      for (const arn of list(statement.Resource)) assert.match(arn, /:tr-main-\*$/);
    }
  });

  test('a restore is made under our names, from the default source or one that opted in', () => {
    const rds = (name: string) => `arn:aws:rds:${REGION}:${ACCOUNT}:${name}`;
    const restoring = (action: string) =>
      statementsOf('provision').filter((s) => list(s.Action).includes(`rds:${action}`));
    const instance = [
      [rds('db:tr-main-*'), rds('subgrp:tenant-restore'), rds('pg:*'), rds('og:*')],
      [rds('db:production'), rds('snapshot:*')],
      [rds('db:*'), rds('auto-backup:*')],
    ];
    const cluster = [
      [rds('cluster:tr-main-*'), rds('subgrp:tenant-restore'), rds('cluster-pg:tr-main-*')],
      [rds('cluster:production'), rds('cluster-snapshot:*')],
      [rds('cluster:*'), rds('cluster-auto-backup:*')],
    ];
    for (const [action, resources] of [
      ['RestoreDBInstanceToPointInTime', instance],
      ['RestoreDBInstanceFromDBSnapshot', instance],
      ['RestoreDBClusterToPointInTime', cluster],
      ['RestoreDBClusterFromSnapshot', cluster],
    ] as const) {
      const statements = restoring(action);
      assert.deepEqual(
        statements.map((s) => list(s.Resource)),
        resources,
      );
      assert.deepEqual(statements[2]?.Condition, { Null: { 'aws:ResourceTag/tenant-restore:secret': 'false' } });
    }
  });

  test('tasks are run, tagged, listed and stopped in our cluster alone', () => {
    const cluster = `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/tenant-restore`;
    for (const name of FUNCTIONS) {
      for (const statement of statementsOf(name).filter((s) => list(s.Action).some((a) => a.startsWith('ecs:')))) {
        const tagging = statement.Action === 'ecs:TagResource';
        assert.deepEqual(
          statement.Condition,
          tagging ? { StringEquals: { 'ecs:CreateAction': 'RunTask' } } : { ArnEquals: { 'ecs:cluster': cluster } },
        );
        if (tagging) assert.equal(statement.Resource, `arn:aws:ecs:${REGION}:${ACCOUNT}:task/tenant-restore/*`);
      }
    }
  });

  test('a phase reads its own queue, and cleanup also the dead letters', () => {
    const queue = (name: string) => `arn:aws:sqs:${REGION}:${ACCOUNT}:tenant-restore-${name}`;
    for (const phase of PHASES) {
      const reading = statementsOf(phase).find((s) => list(s.Action).includes('sqs:ReceiveMessage'));
      assert.deepEqual(
        list(reading?.Resource ?? []),
        phase === 'cleanup' ? [queue('cleanup'), queue('dlq')] : [queue(phase)],
      );
    }
  });

  test('jobs are written below work, results read below audit; the cleanup deletes work, migrate keeps what DMS told, complete writes the report', () => {
    const bucket = `arn:aws:s3:::tenant-restore-${ACCOUNT}-${REGION}`;
    const onFiles = (phase: PhaseName) =>
      statementsOf(phase)
        .filter((s) => list(s.Action).some((a) => /^s3:.*Object$/.test(a)))
        .map((s) => `${list(s.Action).join()} ${String(s.Resource).replace(`${bucket}/`, '')}`);
    const runsJobs = ['s3:PutObject work/*', 's3:GetObject audit/*'];
    for (const phase of ['intake', 'ddl', 'finalize'] as const) assert.deepEqual(onFiles(phase), runsJobs);
    assert.deepEqual(onFiles('migrate'), [...runsJobs, 's3:PutObject audit/*']);
    assert.deepEqual(onFiles('provision'), []);
    assert.deepEqual(onFiles('cleanup'), [...runsJobs, 's3:DeleteObject work/*']);
    assert.deepEqual(onFiles('complete'), ['s3:GetObject audit/*', 's3:PutObject audit/*']);
  });

  test('who reads a file that may be missing may also list, or S3 would say that access is denied', () => {
    for (const role of [...PHASES, 'worker-task']) {
      const granted = statementsOf(role).flatMap((s) => list(s.Action));
      assert.equal(granted.includes('s3:GetObject'), granted.includes('s3:ListBucket'), role);
    }
  });
});

describe('the roles of the worker', () => {
  const bucket = `arn:aws:s3:::tenant-restore-${ACCOUNT}-${REGION}`;
  const rights = (role: string) =>
    statementsOf(role)
      .map(({ Action, Resource }) => [list(Action).join(), list(Resource).join()] as const)
      .filter(([action]) => !action.startsWith('secretsmanager:GetSecretValue'));

  test('let it read secrets and write those of restores, keep files below two prefixes, and nothing of RDS, DMS or IAM', () => {
    assert.deepEqual(rights('worker-task'), [
      ['secretsmanager:PutSecretValue', `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:tr-main-*`],
      ['s3:GetObject,s3:PutObject', `${bucket}/work/*`],
      ['s3:GetObject,s3:PutObject', `${bucket}/audit/*`],
      ['s3:ListBucket', bucket],
    ]);
  });

  test('let ECS pull images of the account and write the log, before the worker runs, and nothing else', () => {
    assert.deepEqual(
      rights('worker-start').map(([action, resource]) => [action, resource.split(':').slice(2).join(':')]),
      [
        ['ecr:GetAuthorizationToken', ''],
        [
          'ecr:BatchCheckLayerAvailability,ecr:BatchGetImage,ecr:GetDownloadUrlForLayer',
          `ecr:${REGION}:${ACCOUNT}:repository/*`,
        ],
        ['logs:CreateLogStream,logs:PutLogEvents', `logs:${REGION}:${ACCOUNT}:log-group:/ecs/tenant-restore-worker`],
      ],
    );
  });
});

describe('secrets', () => {
  const reading = (role: string) => statementsOf(role).filter((s) => s.Action === 'secretsmanager:GetSecretValue');
  const secret = (pattern: string) => `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${pattern}`;

  test('the worker reads those of restores, of the default source, and those tagged for this deployment', () => {
    assert.deepEqual(
      reading('worker-task').map((s) => [list(s.Resource), s.Condition]),
      [
        [[secret('tr-main-*')], undefined],
        [[SOURCE_SECRET], undefined],
        [[secret('*')], { StringEquals: { 'aws:ResourceTag/tenant-restore:deployment': 'tenant-restore' } }],
      ],
    );
  });

  test('the worker reads those that RDS manages only in a deployment that accepts such sources', () => {
    const managed = secret('rds!*');
    const mayRead = (from = template) => statementsOf('worker-task', from).some((s) => s.Resource.includes(managed));
    assert.equal(mayRead(), false);
    assert.equal(mayRead(synthesize({ managedSecrets: true })), true);
  });

  test('DMS reads those of restores alone', () => {
    assert.deepEqual(
      statementsOf('dms-secrets').map((s) => [s.Action, s.Resource]),
      [['secretsmanager:GetSecretValue', secret('tr-main-*')]],
    );
  });

  test('DMS takes its role in the region of the deployment', () => {
    const { Properties } = named(template, 'AWS::IAM::Role', 'RoleName', 'tenant-restore-dms-secrets');
    assert.match(JSON.stringify(Properties.AssumeRolePolicyDocument), /"Service":"dms\.eu-west-3\.amazonaws\.com"/);
  });

  test('no function reads a secret of a source', () => {
    for (const name of FUNCTIONS) {
      for (const arn of statementsOf(name).filter((s) => list(s.Action).includes('secretsmanager:GetSecretValue'))) {
        assert.equal(arn.Resource, secret('tr-main-*'));
      }
    }
  });
});

describe('the customer key of messages', () => {
  const messageKeyArn = `arn:aws:kms:${REGION}:${ACCOUNT}:key/0f0f0f0f-0000-4000-8000-000000000000`;
  const topicKeyArn = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1f1f1f1f-0000-4000-8000-000000000000`;
  const topicArn = `arn:aws:sns:${REGION}:${ACCOUNT}:outcomes`;
  const TELL_OUTCOMES = ['intake', 'cleanup', 'complete'];

  /** Roles that may use the key through the service, for what a message needs. */
  const users = (from: Template, keyArn: string, service: string) =>
    ROLES.filter((role) =>
      statementsOf(role, from).some(
        ({ Action, Resource, Condition }) =>
          list(Action).join() === 'kms:Decrypt,kms:GenerateDataKey' &&
          list(Resource).join() === keyArn &&
          list(Condition?.StringEquals?.['kms:ViaService'] ?? []).join() === `${service}.${REGION}.amazonaws.com`,
      ),
    );

  test('is used through SQS by every function, and through SNS by those that tell outcomes', () => {
    const withKey = synthesize({ messageKeyArn });
    assert.deepEqual(users(withKey, messageKeyArn, 'sqs'), FUNCTIONS);
    assert.deepEqual(users(withKey, messageKeyArn, 'sns'), TELL_OUTCOMES);
  });

  test('is not that of a topic which is given with a key of its own', () => {
    const withTopic = synthesize({ topicArn, topicKeyArn });
    assert.deepEqual(users(withTopic, topicKeyArn, 'sqs'), []);
    assert.deepEqual(users(withTopic, topicKeyArn, 'sns'), TELL_OUTCOMES);
    const withBoth = synthesize({ messageKeyArn, topicArn, topicKeyArn });
    assert.deepEqual(users(withBoth, messageKeyArn, 'sns'), []);
    assert.deepEqual(users(withBoth, topicKeyArn, 'sns'), TELL_OUTCOMES);
  });

  test('is used by nobody in a deployment without one', () => {
    const actions = FUNCTIONS.flatMap((name) => statementsOf(name).flatMap(({ Action }) => list(Action)));
    assert.deepEqual(
      actions.filter((action) => action.startsWith('kms:')),
      [],
    );
  });
});
