import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import { PHASES } from '../lib/names.ts';
import { ACCOUNT, REGION, resolve, resources, synthesize } from './template.ts';

/** All that decides whether an alarm can ring. */
interface Watch {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: { Name: string; Value: string }[];
  readonly Statistic: string;
  readonly Period: number;
  readonly EvaluationPeriods: number;
  readonly Threshold: number;
  readonly ComparisonOperator: string;
  readonly TreatMissingData: string;
}

interface Alarm extends Watch {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly AlarmActions?: string[];
}

const alarmsOf = (template: Template) =>
  Object.values(resources(template, 'AWS::CloudWatch::Alarm')).map(
    ({ Properties }) => resolve(template, Properties) as Alarm,
  );

const WATCH = [
  'Namespace',
  'MetricName',
  'Dimensions',
  'Statistic',
  'Period',
  'EvaluationPeriods',
  'Threshold',
  'ComparisonOperator',
  'TreatMissingData',
] as const;

/** What the alarms of a metric watch. */
const watchedBy = (template: Template, metric: string) =>
  sorted(
    alarmsOf(template)
      .filter(({ MetricName }) => MetricName === metric)
      .map((alarm) => Object.fromEntries(WATCH.map((key) => [key, alarm[key]])) as unknown as Watch),
  );
const sorted = (watches: Watch[]) => {
  const key = ({ Dimensions }: Watch) => JSON.stringify(Dimensions);
  return watches.sort((one, other) => key(one).localeCompare(key(other)));
};

const RINGS_AT_THE_FIRST = {
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 0,
  ComparisonOperator: 'GreaterThanThreshold',
  TreatMissingData: 'notBreaching',
};

const keyArn = `arn:aws:kms:${REGION}:${ACCOUNT}:key/0f0f0f0f-0000-4000-8000-000000000000`;
const alarmTopicArn = `arn:aws:sns:${REGION}:${ACCOUNT}:operations`;
const template = synthesize();
const withKey = synthesize({ messageKeyArn: keyArn, alarmTopicArn });

interface Rule {
  readonly Name: string;
  readonly EventBusName?: string;
  readonly Targets: { DeadLetterConfig: { Arn: string } }[];
}
const rules = Object.values(resources(template, 'AWS::Events::Rule')).map(
  ({ Properties }) => resolve(template, Properties) as Rule,
);

describe('an alarm', () => {
  test('watches every queue that nothing consumes, from the first message on', () => {
    const letters = rules.flatMap(({ Targets }) =>
      Targets.map(({ DeadLetterConfig }) => String(DeadLetterConfig.Arn.split(':').at(-1))),
    );
    assert.equal(letters.length, rules.length);
    assert.deepEqual(
      watchedBy(template, 'ApproximateNumberOfMessagesVisible'),
      sorted(
        [...letters, 'tenant-restore-dead'].map((queue) => ({
          Namespace: 'AWS/SQS',
          MetricName: 'ApproximateNumberOfMessagesVisible',
          Dimensions: [{ Name: 'QueueName', Value: queue }],
          Statistic: 'Maximum',
          ...RINGS_AT_THE_FIRST,
        })),
      ),
    );
  });

  test('tells of each letter that is kept, also while others lie there', () => {
    assert.deepEqual(watchedBy(template, 'DeadLetters'), [
      {
        Namespace: 'TenantRestore',
        MetricName: 'DeadLetters',
        Dimensions: [{ Name: 'deployment', Value: 'tenant-restore' }],
        Statistic: 'Sum',
        ...RINGS_AT_THE_FIRST,
      },
    ]);
  });

  test('tells that a queue is not consumed at all', () => {
    assert.deepEqual(
      watchedBy(template, 'ApproximateAgeOfOldestMessage'),
      sorted(
        [...PHASES, 'dlq'].map((queue) => ({
          Namespace: 'AWS/SQS',
          MetricName: 'ApproximateAgeOfOldestMessage',
          Dimensions: [{ Name: 'QueueName', Value: `tenant-restore-${queue}` }],
          Statistic: 'Maximum',
          ...RINGS_AT_THE_FIRST,
          // Longer than SQS can delay a tick.
          Threshold: 1200,
        })),
      ),
    );
  });

  test('tells of a stuck restore and of an orphan as soon as the sweeper finds one', () => {
    for (const metric of ['StuckRestores', 'Orphans']) {
      assert.deepEqual(watchedBy(template, metric), [
        {
          Namespace: 'TenantRestore',
          MetricName: metric,
          Dimensions: [{ Name: 'deployment', Value: 'tenant-restore' }],
          Statistic: 'Maximum',
          ...RINGS_AT_THE_FIRST,
          Period: 900,
        },
      ]);
    }
  });

  test('tells that the sweeper itself fails, since it finds nothing then, and that a function does so again', () => {
    const fails = (name: string, threshold: number) => ({
      Namespace: 'AWS/Lambda',
      MetricName: 'Errors',
      Dimensions: [{ Name: 'FunctionName', Value: `tenant-restore-${name}` }],
      Statistic: 'Sum',
      ...RINGS_AT_THE_FIRST,
      Period: 900,
      Threshold: threshold,
    });
    assert.deepEqual(
      watchedBy(template, 'Errors'),
      sorted([fails('sweeper', 0), ...PHASES.map((phase) => fails(phase, 1))]),
    );
  });

  test('tells of a message that failed again, before it is a letter', () => {
    assert.deepEqual(watchedBy(template, 'MessagesFailedAgain'), [
      {
        Namespace: 'TenantRestore',
        MetricName: 'MessagesFailedAgain',
        Dimensions: [{ Name: 'deployment', Value: 'tenant-restore' }],
        Statistic: 'Sum',
        ...RINGS_AT_THE_FIRST,
      },
    ]);
  });

  test('tells that more than a fifth of a day of restores failed', () => {
    assert.deepEqual(watchedBy(template, 'RestoresFailed'), [
      {
        Namespace: 'TenantRestore',
        MetricName: 'RestoresFailed',
        Dimensions: [{ Name: 'deployment', Value: 'tenant-restore' }],
        Statistic: 'Average',
        ...RINGS_AT_THE_FIRST,
        Period: 86_400,
        Threshold: 0.2,
      },
    ]);
  });

  test('tells of events that EventBridge loses, where a customer key can shut it out', () => {
    assert.deepEqual(
      watchedBy(withKey, 'InvocationsFailedToBeSentToDlq'),
      sorted(
        rules.map(({ Name, EventBusName }) => ({
          Namespace: 'AWS/Events',
          MetricName: 'InvocationsFailedToBeSentToDlq',
          Dimensions: [
            ...(EventBusName === undefined ? [] : [{ Name: 'EventBusName', Value: EventBusName }]),
            { Name: 'RuleName', Value: Name },
          ],
          Statistic: 'Sum',
          ...RINGS_AT_THE_FIRST,
        })),
      ),
    );
    assert.ok(rules.some(({ EventBusName }) => EventBusName === 'tenant-restore'));
    assert.deepEqual(watchedBy(template, 'InvocationsFailedToBeSentToDlq'), []);
  });

  test('has a name of its own and says what to do', () => {
    const alarms = alarmsOf(withKey);
    assert.equal(new Set(alarms.map(({ AlarmName }) => AlarmName)).size, alarms.length);
    for (const { AlarmName, AlarmDescription } of alarms) {
      assert.match(AlarmName, /^tenant-restore-/);
      assert.ok(AlarmDescription.length > 20, AlarmName);
    }
  });

  test('is sent to the topic of the deployment, or shown only', () => {
    for (const { AlarmName, AlarmActions } of alarmsOf(withKey)) {
      assert.deepEqual(AlarmActions, [alarmTopicArn], AlarmName);
    }
    for (const { AlarmActions } of alarmsOf(template)) assert.equal(AlarmActions, undefined);
  });
});
