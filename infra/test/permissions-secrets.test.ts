import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FUNCTIONS, list, statementsOf, template } from './roles.ts';
import { ACCOUNT, REGION, SOURCE_SECRET, named, synthesize } from './template.ts';

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
