import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Template } from 'aws-cdk-lib/assertions';
import { FUNCTIONS, ROLES, list, statementsOf } from './roles.ts';
import { ACCOUNT, REGION, synthesize } from './template.ts';

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
