import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ROLES, actions, list, statementsOf, template } from './roles.ts';
import { REGION, resources } from './template.ts';

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
