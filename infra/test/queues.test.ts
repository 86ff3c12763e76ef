import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import { PHASES } from '../lib/names.ts';
import { ACCOUNT, named, REGION, resolve, resources, synthesize } from './template.ts';

const template = synthesize();
const queue = (name: string) => named(template, 'AWS::SQS::Queue', 'QueueName', `tenant-restore-${name}`).Properties;
const givesUpTo = (name: string) => {
  const redrive = resolve(template, queue(name).RedrivePolicy) as {
    deadLetterTargetArn: string;
    maxReceiveCount: number;
  };
  return { to: redrive.deadLetterTargetArn.split(':').at(-1), after: redrive.maxReceiveCount };
};

const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;

/** Who may not be denied to send into each queue that the pipeline reads; nobody is, where that is undefined. */
function admitted(from: Template): Record<string, unknown> {
  const policies = Object.values(resources(from, 'AWS::SQS::QueuePolicy')).map(
    ({ Properties }) =>
      resolve(from, Properties) as { Queues: string[]; PolicyDocument: { Statement: Record<string, unknown>[] } },
  );
  return Object.fromEntries(
    [...PHASES, 'dlq', 'dead'].map((name) => {
      const policy = policies.find(({ Queues }) => Queues.includes(`tenant-restore-${name}`));
      return [name, policy?.PolicyDocument.Statement.find(({ Sid }) => Sid === 'OnlyTheseSend')];
    }),
  );
}

describe('queues', () => {
  test('with publishers, take messages from EventBridge, the pipeline and those who may come as any source alone', () => {
    const publishers = [
      { id: 'Desk', principalArn: role('desk'), eventSources: ['support.desk'] },
      { id: 'Operators', principalArn: role('operators') },
    ];
    const functions = [...PHASES, 'sweeper'].map((name) => role(`tenant-restore-${name}`));
    for (const [name, statement] of Object.entries(admitted(synthesize({ publishers })))) {
      assert.deepEqual(statement, {
        Sid: 'OnlyTheseSend',
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: 'sqs:SendMessage',
        Resource: `arn:aws:sqs:${REGION}:${ACCOUNT}:tenant-restore-${name}`,
        Condition: {
          ArnNotLike: { 'aws:PrincipalArn': [...functions, role('operators')] },
          Bool: { 'aws:PrincipalIsAWSService': 'false' },
        },
      });
    }
    assert.deepEqual(new Set(Object.values(admitted(template))), new Set([undefined]));
  });

  for (const phase of ['intake', 'provision', 'ddl', 'migrate', 'finalize']) {
    test(`${phase} gives up to the queue that starts a cleanup`, () => {
      assert.deepEqual(givesUpTo(phase), { to: 'tenant-restore-dlq', after: 5 });
    });
  }

  for (const last of ['cleanup', 'complete']) {
    test(`${last} gives up to the queue that nothing consumes`, () => {
      assert.deepEqual(givesUpTo(last), { to: 'tenant-restore-dead', after: 5 });
    });
  }

  test('letters are given up to that queue too, after as many receives as they died of and as many more', () => {
    assert.deepEqual(givesUpTo('dlq'), { to: 'tenant-restore-dead', after: 10 });
  });

  test('a dead letter is kept for 14 days and goes nowhere else', () => {
    assert.equal(queue('dead').MessageRetentionPeriod, 14 * 86400);
    assert.equal(queue('dead').RedrivePolicy, undefined);
  });

  test('a queue that gives up keeps messages no longer than the queue it gives up to', () => {
    for (const name of [...PHASES, 'dlq']) {
      const target = String(givesUpTo(name).to).replace('tenant-restore-', '');
      assert.ok(Number(queue(name).MessageRetentionPeriod) <= Number(queue(target).MessageRetentionPeriod), name);
    }
  });

  test('a message stays hidden for six times as long as a function may run', () => {
    for (const name of [...PHASES, 'dlq']) assert.equal(queue(name).VisibilityTimeout, 6 * 60, name);
  });

  test('every queue is encrypted and refuses plain connections', () => {
    const policies = Object.values(resources(template, 'AWS::SQS::QueuePolicy'));
    for (const [id, { Properties }] of Object.entries(resources(template, 'AWS::SQS::Queue'))) {
      assert.equal(Properties.SqsManagedSseEnabled, true, id);
      const policy = policies.find((p) => JSON.stringify(p.Properties.Queues).includes(`"${id}"`));
      assert.match(
        JSON.stringify(policy?.Properties.PolicyDocument),
        /"aws:SecureTransport":"false"\}\},"Effect":"Deny"/,
        id,
      );
    }
  });
});
