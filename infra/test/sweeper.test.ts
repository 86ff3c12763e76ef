import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import type { Sweeping } from '../lib/props.ts';
import { ACCOUNT, named, REGION, resolve, resources, synthesize } from './template.ts';

interface Schedule {
  readonly ScheduleExpression: string;
  readonly State: string;
  readonly EventPattern?: unknown;
  readonly Targets: {
    readonly Arn: string;
    readonly Input: string;
    readonly DeadLetterConfig: { readonly Arn: string };
    readonly RetryPolicy: { readonly MaximumEventAgeInSeconds: number };
  }[];
}

function schedule(template: Template): Schedule {
  const rule = named(template, 'AWS::Events::Rule', 'Name', 'tenant-restore-sweeper-schedule');
  return resolve(template, rule.Properties) as Schedule;
}

describe('the sweeper', () => {
  const template = synthesize();

  test('mends what it finds every quarter of an hour, and the next sweep makes up for one that was missed', () => {
    const { ScheduleExpression, State, EventPattern, Targets } = schedule(template);
    assert.deepEqual([ScheduleExpression, State, EventPattern], ['rate(15 minutes)', 'ENABLED', undefined]);
    assert.equal(Targets.length, 1);
    assert.deepEqual(JSON.parse(Targets[0]?.Input ?? ''), { dryRun: false });
    assert.equal(Targets[0]?.RetryPolicy.MaximumEventAgeInSeconds, 900);
  });

  test('only reports, or rests, where a deployment wants that', () => {
    const told = (sweeping: Sweeping) => schedule(synthesize({ sweeping }));
    assert.deepEqual(JSON.parse(told('report').Targets[0]?.Input ?? ''), { dryRun: true });
    assert.equal(told('off').State, 'DISABLED');
  });

  test('is invoked by its schedule alone', () => {
    const permissions = Object.values(resources(template, 'AWS::Lambda::Permission'));
    assert.equal(permissions.length, 1);
    const { Action, Principal, SourceArn } = permissions[0]?.Properties ?? {};
    assert.deepEqual(
      [Action, Principal, resolve(template, SourceArn)],
      [
        'lambda:InvokeFunction',
        'events.amazonaws.com',
        `arn:aws:events:${REGION}:${ACCOUNT}:rule/tenant-restore-sweeper-schedule`,
      ],
    );
  });

  test('has a queue for what its schedule cannot deliver', () => {
    const letters = schedule(template).Targets[0]?.DeadLetterConfig.Arn;
    assert.equal(letters, `arn:aws:sqs:${REGION}:${ACCOUNT}:tenant-restore-undelivered-sweeper-schedule`);
  });

  test('consumes no queue', () => {
    const mappings = Object.values(resources(template, 'AWS::Lambda::EventSourceMapping'));
    const fed = mappings.map((mapping) => resolve(template, mapping.Properties.FunctionName));
    assert.ok(!fed.includes('tenant-restore-sweeper'));
  });
});
