import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PHASES, type PhaseName } from '../lib/names.ts';
import { FUNCTIONS, list, statementsOf } from './roles.ts';
import { ACCOUNT, REGION } from './template.ts';

describe('a function uses what is of its deployment alone', () => {
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
