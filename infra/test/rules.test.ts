import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { matches, type AwsEvent } from './pattern.ts';
import { ACCOUNT, REGION, resolve, resources, synthesize } from './template.ts';

const template = synthesize();

interface Target {
  readonly Arn: string;
  readonly DeadLetterConfig: { readonly Arn: string };
}
interface Rule {
  readonly Name: string;
  readonly Arn: string;
  readonly EventBusName?: string;
  readonly EventPattern: Record<string, unknown>;
  readonly Targets: Target[];
}

/** The rules for events; the sweeper's schedule has tests of its own. */
const rules = Object.entries(resources(template, 'AWS::Events::Rule'))
  .filter(([, { Properties }]) => 'EventPattern' in Properties)
  .map(([id, { Properties }]) => ({
    ...(resolve(template, Properties) as Rule),
    Arn: resolve(template, { 'Fn::GetAtt': [id, 'Arn'] }) as string,
  }));

/** The phases that an event on a bus wakes. */
function wokenBy(event: AwsEvent, bus: 'default' | 'tenant-restore' = 'default'): string[] {
  return rules
    .filter((rule) => (rule.EventBusName ?? 'default') === bus && matches(rule.EventPattern, event))
    .flatMap((rule) =>
      rule.Targets.map((target) => String(target.Arn.split(':').at(-1)).replace('tenant-restore-', '')),
    )
    .sort();
}

const rds = (kind: string, name: string, detailType = 'RDS DB Instance Event'): AwsEvent => {
  const arn = `arn:aws:rds:${REGION}:${ACCOUNT}:${kind}:${name}`;
  return { source: 'aws.rds', 'detail-type': detailType, resources: [arn], detail: { SourceArn: arn } };
};
const dms = (kind: string, name: string, detailType: string): AwsEvent => ({
  source: 'aws.dms',
  'detail-type': detailType,
  resources: [`arn:aws:dms:${REGION}:${ACCOUNT}:${kind}:${name}`],
  detail: { eventType: 'REPLICATION_TASK_STOPPED' },
});
const ecs = (startedBy: string, lastStatus = 'STOPPED', cluster = 'tenant-restore'): AwsEvent => ({
  source: 'aws.ecs',
  'detail-type': 'ECS Task State Change',
  resources: [],
  detail: { clusterArn: `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/${cluster}`, lastStatus, startedBy },
});

describe('what wakes a phase', () => {
  for (const request of [
    'RestoreRequested',
    'RestorePlanRequested',
    'RestoreCancelRequested',
    'RestoreReplayRequested',
  ]) {
    test(`${request} on our bus wakes intake, whoever publishes it`, () => {
      const event = { source: 'support-desk', 'detail-type': request, resources: [], detail: {} };
      assert.deepEqual(wokenBy(event, 'tenant-restore'), ['intake']);
      assert.deepEqual(wokenBy(event, 'default'), []);
    });
  }

  test('what we announce ourselves wakes nobody', () => {
    for (const detailType of ['RestoreAccepted', 'RestoreProgressed', 'RestoreCompleted', 'RestoreFailed']) {
      const event = { source: 'tenant-restore', 'detail-type': detailType, resources: [], detail: {} };
      assert.deepEqual(wokenBy(event, 'tenant-restore'), [], detailType);
    }
  });

  const kinds = [
    ['db', 'RDS DB Instance Event'],
    ['cluster', 'RDS DB Cluster Event'],
    ['snapshot', 'RDS DB Snapshot Event'],
    ['db', 'RDS DB Snapshot Event'],
    ['cluster-snapshot', 'RDS DB Cluster Snapshot Event'],
  ] as const;
  for (const [kind, detailType] of kinds) {
    test(`${detailType} about our temporary ${kind} wakes provision, ddl and cleanup`, () => {
      assert.deepEqual(wokenBy(rds(kind, 'tr-main-abcdefghijkl', detailType)), ['cleanup', 'ddl', 'provision']);
    });
  }

  test('events about production or about another deployment wake nobody', () => {
    assert.deepEqual(wokenBy(rds('db', 'production')), []);
    assert.deepEqual(wokenBy(rds('db', 'tr-mainly-abcdefghijkl')), []);
    assert.deepEqual(wokenBy(dms('task', 'tr-blue-abcdefghijkl-k01', 'DMS Replication Task State Change')), []);
    assert.deepEqual(wokenBy(ecs('tr-blue/ddl/abcdefghijkl/1/extract')), []);
    assert.deepEqual(wokenBy(ecs('tr-main/ddl/abcdefghijkl/1/extract', 'STOPPED', 'other')), []);
  });

  test('the state of a replication instance or task of ours wakes migrate and cleanup', () => {
    const instance = dms('rep', 'tr-main-abcdefghijkl-i', 'DMS Replication Instance State Change');
    const task = dms('task', 'tr-main-abcdefghijkl-k01', 'DMS Replication Task State Change');
    for (const event of [instance, task]) assert.deepEqual(wokenBy(event), ['cleanup', 'migrate']);
  });

  for (const phase of ['intake', 'ddl', 'migrate', 'finalize', 'cleanup']) {
    test(`the end of a task that ${phase} has run wakes ${phase} alone`, () => {
      assert.deepEqual(wokenBy(ecs(`tr-main/${phase}/abcdefghijkl/1/job`)), [phase]);
    });
  }

  test('a task that still runs wakes nobody', () => {
    assert.deepEqual(wokenBy(ecs('tr-main/ddl/abcdefghijkl/1/extract', 'RUNNING')), []);
  });
});

describe('what a rule cannot deliver', () => {
  const targets = rules.flatMap((rule) => rule.Targets.map((target) => ({ rule, target })));
  const policyOf = (arn: string) =>
    Object.values(resources(template, 'AWS::SQS::QueuePolicy'))
      .map(({ Properties }) => resolve(template, Properties.PolicyDocument) as { Statement: Record<string, unknown>[] })
      .flatMap((document) => document.Statement)
      .filter((statement) => statement.Resource === arn && statement.Effect === 'Allow');

  test('waits in a queue of its own for every target', () => {
    const letters = targets.map(({ target }) => target.DeadLetterConfig.Arn);
    assert.equal(targets.length, 11);
    assert.equal(new Set(letters).size, targets.length);
    for (const letter of letters) assert.match(letter, /:tenant-restore-undelivered-/);
  });

  test('may be put there, and into the target, by this rule alone', () => {
    for (const { rule, target } of targets) {
      for (const arn of [target.Arn, target.DeadLetterConfig.Arn]) {
        const allowed = policyOf(arn).filter((statement) =>
          JSON.stringify(statement.Condition).includes(`{"aws:SourceArn":"${rule.Arn}"}`),
        );
        assert.equal(allowed.length, 1, `${rule.Name} into ${arn}`);
        assert.deepEqual(allowed[0]?.Principal, { Service: 'events.amazonaws.com' });
      }
    }
  });
});
