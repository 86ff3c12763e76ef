import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Refusal } from '../deployment/aws.ts';
import {
  ACCOUNT,
  BOOTSTRAP,
  NO_STACK,
  OTHER,
  REGION,
  STACK,
  attached,
  problems,
  refused,
  type Answers,
} from './account.ts';
import { demonstrate } from './demonstration.ts';
import { resources, synthesize } from './template.ts';

const TABLE = { Table: {} };

describe('an account', () => {
  test('that is ready has nothing against the deployment', async () => {
    assert.deepEqual(await problems(), []);
  });

  test('without the bootstrap of the CDK, or with one that is too old, is told the command', async () => {
    for (const answer of [refused('ParameterNotFound'), { Parameter: { Value: '5' } }]) {
      const found = await problems({ [BOOTSTRAP]: answer });
      assert.equal(found.length, 1);
      assert.ok(found[0]?.endsWith(`run \`cd infra && npx cdk bootstrap aws://${ACCOUNT}/${REGION}\``), found[0]);
    }
  });

  test('in which the stack is being changed is told to wait', async () => {
    const status = (StackStatus: string) => ({ [STACK]: { Stacks: [{ StackStatus }] } });
    assert.deepEqual(await problems(status('UPDATE_IN_PROGRESS')), [
      'the stack TenantRestore is UPDATE_IN_PROGRESS: wait until that has ended',
    ]);
    for (const atRest of ['CREATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE', 'REVIEW_IN_PROGRESS']) {
      assert.deepEqual(await problems(status(atRest)), []);
    }
  });

  test('with what an earlier deployment kept is told of all of it, unless the stack is there', async () => {
    const kept: Answers = {
      'dynamodb describe-table': { Table: { DeletionProtectionEnabled: true } },
      's3api head-bucket': {},
      'logs describe-log-groups': { logGroups: [{ logGroupName: '/aws/lambda/tenant-restore-ddl' }] },
    };
    const [found, ...more] = await problems(kept);
    assert.deepEqual(more, []);
    for (const name of [
      'the table tenant-restore',
      `the bucket tenant-restore-${ACCOUNT}-${REGION}`,
      'the log group /aws/lambda/tenant-restore-ddl',
      '`aws dynamodb update-table --table-name tenant-restore --no-deletion-protection-enabled`',
    ]) {
      assert.ok(found?.includes(name), found);
    }
    assert.deepEqual(await problems({ ...kept, [STACK]: { Stacks: [{ StackStatus: 'CREATE_COMPLETE' }] } }), []);
  });

  test('with the logs of an earlier deployment is told of each group that this one would make, and of no other', async () => {
    const settings = { selectedDatabase: 'SingleAz', workerImage: 'registry.example/worker:1' };
    for (const [template, given] of [
      [synthesize(), attached],
      [demonstrate('SingleAz'), settings],
    ] as const) {
      const groups = Object.values(resources(template, 'AWS::Logs::LogGroup'));
      const made = groups.map(({ Properties }) => String(Properties.LogGroupName));
      const logGroups = [...made, '/vpc/tenant-restore-other'].map((logGroupName) => ({ logGroupName }));
      const [found = ''] = await problems({ 'logs describe-log-groups': { logGroups } }, given);
      const told = [...found.matchAll(/the log group ([^\s,:]+)/g)].map(([, name]) => name);
      assert.deepEqual(told.sort(), made.sort());
    }
  });

  test('with logs of a deployment whose name begins alike has nothing against this one', async () => {
    const logGroups = [{ logGroupName: '/aws/lambda/tenant-restore-blue-ddl' }];
    assert.deepEqual(await problems({ 'logs describe-log-groups': { logGroups } }), []);
  });

  test('with what is left of a failed creation is told of it', async () => {
    const failed = { [STACK]: { Stacks: [{ StackStatus: 'ROLLBACK_COMPLETE' }] }, [OTHER]: NO_STACK };
    assert.match((await problems({ ...failed, 'dynamodb describe-table': TABLE })).join(), /has left the table/);
  });

  test('in which a failed creation could not delete its protected database is told how that is done', async () => {
    const settings = { selectedDatabase: 'SingleAz', workerImage: 'registry.example/worker:1' };
    const failed = (DeletionProtection: boolean) => ({
      [OTHER]: { Stacks: [{ StackStatus: 'ROLLBACK_FAILED' }] },
      'cloudformation get-template': { TemplateBody: demonstrate('SingleAz').toJSON() },
      'rds describe-db-instances': { DBInstances: [{ DeletionProtection }] },
    });
    assert.match((await problems(failed(true), settings)).join(), /`aws rds modify-db-instance .*-production --no-del/);
    assert.deepEqual(await problems(failed(false), settings), []);
  });

  test('in which a deployment of another region has the name is told to choose another, since roles have no region', async () => {
    const role = { 'iam get-role --role-name tenant-restore-intake': { Role: {} } };
    for (const beginning of [{}, { [STACK]: { Stacks: [{ StackStatus: 'ROLLBACK_COMPLETE' }] } }]) {
      assert.deepEqual(await problems({ ...role, ...beginning }), [
        'the account has the role tenant-restore-intake already, perhaps by a deployment tenant-restore in another region: choose another `deployment`',
      ]);
    }
    assert.deepEqual(await problems({ ...role, [STACK]: { Stacks: [{ StackStatus: 'UPDATE_COMPLETE' }] } }), []);
  });

  test('in which a demonstration has the name is told to choose another, not to delete what it owns', async () => {
    const found = await problems({
      [OTHER]: { Stacks: [{ StackStatus: 'CREATE_COMPLETE' }] },
      'dynamodb describe-table': TABLE,
    });
    assert.deepEqual(found, [
      'the deployment tenant-restore is that of the stack DatabaseLevelRestoreStack: choose another `deployment` and `deploymentTag`',
    ]);
  });

  test('in which another deployment has the tag is refused, and the same deployment is not', async () => {
    const owner = (Value: string) => ({
      'ssm get-parameter --name /tenant-restore/deployment-tags/main': { Parameter: { Value } },
    });
    assert.deepEqual(await problems(owner('blue')), [
      'the deploymentTag main is that of the deployment blue: choose another',
    ]);
    assert.deepEqual(await problems(owner('tenant-restore')), []);
  });

  test('without the role of DMS is told so, and how a demonstration makes it', async () => {
    const missing = { 'iam get-role --role-name dms-vpc-role': refused('NoSuchEntity') };
    assert.match(
      (await problems(missing)).join(),
      /has no role dms-vpc-role, which DMS needs: make it as the DMS user guide says/,
    );
    const demonstration = { selectedDatabase: 'SingleAz', workerImage: 'registry.example/worker:1' };
    assert.match((await problems(missing, demonstration)).join(), /set `dmsRoles` to `create`/);
    const create = { ...demonstration, dmsRoles: 'create' };
    const neither = { ...missing, 'iam get-role --role-name dms-cloudwatch-logs-role': refused('NoSuchEntity') };
    assert.deepEqual(await problems(neither, create), []);
    assert.match(
      (await problems(missing, create)).join(),
      /has the role dms-cloudwatch-logs-role already: set `dmsRoles` to `existing`/,
    );
  });

  test('in which a first deployment failed when somebody has made the role of DMS meanwhile is told so, unlike one that is renewed', async () => {
    const create = { selectedDatabase: 'SingleAz', workerImage: 'registry.example/worker:1', dmsRoles: 'create' };
    const status = (StackStatus: string) => ({ [OTHER]: { Stacks: [{ StackStatus }] } });
    for (const failed of ['ROLLBACK_COMPLETE', 'REVIEW_IN_PROGRESS']) {
      assert.match((await problems(status(failed), create)).join(), /set `dmsRoles` to `existing`/, failed);
    }
    assert.deepEqual(await problems(status('UPDATE_COMPLETE'), create), []);
  });

  test('in a region without the registry of schemas is told to do without, wherever the settings want it', async () => {
    const endpoint = `https://schemas.${REGION}.amazonaws.com/v1/registries`;
    const absent = { 'schemas list-registries': refused('', `Could not connect to the endpoint URL: "${endpoint}"`) };
    assert.deepEqual(await problems(absent), [
      `no schema registry of EventBridge answers in ${REGION}: if the region has none, set \`schemaRegistry\` to \`false\``,
    ]);
    assert.deepEqual(await problems(absent, { ...attached, schemaRegistry: false }), []);
    assert.deepEqual(await problems({ 'schemas list-registries': refused('AccessDeniedException') }), []);
  });

  test('of which something may not be seen is told so beside all else: nothing is taken for absent that was refused', async () => {
    const denied = new Refusal('AccessDeniedException', 'aws dynamodb describe-table: not authorized');
    const found = await problems({
      'dynamodb describe-table': denied,
      [BOOTSTRAP]: refused('ParameterNotFound'),
      'rds describe-db-clusters': refused('Throttling'),
      'ec2 describe-security-groups': refused('InvalidGroup.NotFound'),
    });
    assert.deepEqual(
      found.map((problem) => problem.replace(/ \(no parameter.*/, '')),
      [
        'the CDK was never bootstrapped here',
        'could not be looked at: deploy with credentials that may look at it: aws dynamodb describe-table: not authorized',
        'securityGroupIds: not all of sg-1 are there',
        'could not be looked at: Throttling',
      ],
    );
    const malformed = await problems({ [STACK]: refused('ValidationError', 'the name is malformed') });
    assert.deepEqual(malformed, ['could not be looked at: the name is malformed']);
  });

  test('whose answers make no sense ends the checks', async () => {
    await assert.rejects(problems({ 'logs describe-log-groups': {} }), TypeError);
  });
});
