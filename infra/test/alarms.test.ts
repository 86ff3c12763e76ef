import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import { ACCOUNT, REGION, resolve, resources, synthesize } from './template.ts';

interface Alarm {
  readonly AlarmName: string;
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: { Name: string; Value: string }[];
  readonly Threshold: number;
  readonly ComparisonOperator: string;
  readonly AlarmActions?: string[];
}

const alarmsOf = (template: Template) =>
  Object.values(resources(template, 'AWS::CloudWatch::Alarm')).map(
    ({ Properties }) => resolve(template, Properties) as Alarm,
  );
const watched = (alarms: Alarm[], metric: string) =>
  alarms
    .filter(({ MetricName, ComparisonOperator, Threshold }) => {
      return MetricName === metric && ComparisonOperator === 'GreaterThanThreshold' && Threshold === 0;
    })
    .map(({ Dimensions }) => Dimensions.map(({ Value }) => Value).join())
    .sort();

const keyArn = `arn:aws:kms:${REGION}:${ACCOUNT}:key/0f0f0f0f-0000-4000-8000-000000000000`;
const alarmTopicArn = `arn:aws:sns:${REGION}:${ACCOUNT}:operations`;
const template = synthesize();
const withKey = synthesize({ messageKeyArn: keyArn, alarmTopicArn });
const ruleNames = Object.values(resources(template, 'AWS::Events::Rule')).map(({ Properties }) =>
  String(Properties.Name),
);

describe('an alarm', () => {
  test('watches every queue that nothing consumes, from the first message on', () => {
    const letters = Object.values(resources(template, 'AWS::Events::Rule')).flatMap(({ Properties }) =>
      (resolve(template, Properties.Targets) as { DeadLetterConfig: { Arn: string } }[]).map((target) =>
        String(target.DeadLetterConfig.Arn.split(':').at(-1)),
      ),
    );
    assert.equal(letters.length, ruleNames.length);
    assert.deepEqual(
      watched(alarmsOf(template), 'ApproximateNumberOfMessagesVisible'),
      [...letters, 'tenant-restore-dead'].sort(),
    );
  });

  test('tells of events that EventBridge loses, where a customer key can shut it out', () => {
    const lost = watched(alarmsOf(withKey), 'InvocationsFailedToBeSentToDlq').map((names) => names.split(',').at(-1));
    assert.deepEqual(lost.sort(), ruleNames.sort());
    assert.deepEqual(watched(alarmsOf(template), 'InvocationsFailedToBeSentToDlq'), []);
  });

  test('is sent to the topic of the deployment, or shown only', () => {
    for (const { AlarmName, AlarmActions } of alarmsOf(withKey)) {
      assert.deepEqual(AlarmActions, [alarmTopicArn], AlarmName);
    }
    for (const { AlarmActions } of alarmsOf(template)) assert.equal(AlarmActions, undefined);
  });
});
