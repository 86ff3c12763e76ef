import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountProblems, type Plan } from '../deployment/account.ts';
import { attachmentProblems } from '../deployment/attachment.ts';
import { Refusal, refusal } from '../deployment/aws.ts';
import { imageProblems } from '../deployment/image.ts';
import { keyProblems } from '../deployment/keys.ts';
import { parseSettings } from '../deployment/settings.ts';
import { demonstrate } from './demonstration.ts';
import { resources, synthesize } from './template.ts';

const ACCOUNT = '111122223333';
const REGION = 'eu-west-3';
const SECRET = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:production-AbCdEf`;
const attached = {
  vpcId: 'vpc-1',
  subnetIds: 'subnet-a,subnet-b',
  databaseSubnetIds: 'subnet-c,subnet-d',
  securityGroupIds: 'sg-1',
  source: 'production',
  sourceSecretArn: SECRET,
  workerImage: 'registry.example/worker:1',
};

const BOOTSTRAP = 'ssm get-parameter --name /cdk-bootstrap/hnb659fds/version';
const STACK = 'cloudformation describe-stacks --stack-name TenantRestore';
/** The stack of a demonstration of the same name. */
const OTHER = 'cloudformation describe-stacks --stack-name DatabaseLevelRestoreStack';
const NO_STACK = new Refusal('ValidationError', 'Stack with id … does not exist');

type Answers = Record<string, unknown>;
const subnet = (SubnetId: string, zone: string, VpcId = 'vpc-1') => ({
  SubnetId,
  VpcId,
  AvailabilityZone: REGION + zone,
});
const refused = (code: string, message = code) => new Refusal(code, message);

const TABLE = { Table: {} };

/** An account that is ready for a first deployment. */
const READY: Answers = {
  [BOOTSTRAP]: { Parameter: { Value: '21' } },
  'ssm get-parameter --name /tenant-restore/deployment-tags/main': refused('ParameterNotFound'),
  [STACK]: NO_STACK,
  [OTHER]: NO_STACK,
  'dynamodb describe-table': refused('ResourceNotFoundException'),
  's3api head-bucket': refused('404'),
  'logs describe-log-groups': { logGroups: [] },
  'iam get-role --role-name tenant-restore-intake': refused('NoSuchEntity'),
  'iam get-role --role-name dms-vpc-role': {},
  'iam get-role --role-name dms-cloudwatch-logs-role': {},
  'ec2 describe-subnets --subnet-ids subnet-a': { Subnets: [subnet('subnet-a', 'a'), subnet('subnet-b', 'b')] },
  'ec2 describe-subnets --subnet-ids subnet-c': { Subnets: [subnet('subnet-c', 'a'), subnet('subnet-d', 'b')] },
  'ec2 describe-security-groups': { SecurityGroups: [{ GroupId: 'sg-1', VpcId: 'vpc-1' }] },
  'rds describe-db-instances': { DBInstances: [{ Engine: 'postgres', DBSubnetGroup: { VpcId: 'vpc-1' } }] },
  'rds describe-db-clusters': refused('DBClusterNotFoundFault'),
  'secretsmanager describe-secret': { ARN: SECRET },
  'kms get-key-policy': { Policy: '{}' },
  'schemas list-registries': { Registries: [] },
};

/** What is found with these settings in that account, but for what `changes` says of it. */
async function problems(changes: Answers = {}, settings: Record<string, unknown> = attached): Promise<string[]> {
  const answers = { ...changes, ...READY, ...changes };
  const plan: Plan = {
    settings: parseSettings(JSON.stringify(settings), { file: '/blue.json', dist: '/dist' }),
    place: {
      account: ACCOUNT,
      region: REGION,
      aws: (...call) => {
        const text = call.join(' ');
        const known = Object.keys(answers).find((beginning) => text.startsWith(beginning));
        assert.ok(known !== undefined, `unexpected call: ${text}`);
        const answer = answers[known];
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    },
    assembly: { folder: '/out', bootstrap: { parameter: '/cdk-bootstrap/hnb659fds/version', version: 6 } },
  };
  const looks = [accountProblems, attachmentProblems, keyProblems, imageProblems];
  return (await Promise.all(looks.map((look) => look(plan)))).flat();
}

describe('what the AWS CLI says', () => {
  test('has the code of the error, also one with a dot', () => {
    const said = (code: string) =>
      refusal('aws ec2', `\nAn error occurred (${code}) when calling the DescribeSubnets operation: it is not there\n`)
        .code;
    assert.equal(said('InvalidSubnetID.NotFound'), 'InvalidSubnetID.NotFound');
    assert.equal(said('404'), '404');
    assert.equal(refusal('aws ec2', 'Unable to locate credentials').code, '');
  });
});

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

describe('what a deployment is attached to', () => {
  test('must be there', async () => {
    const found = await problems({
      'ec2 describe-subnets --subnet-ids subnet-a': refused('InvalidSubnetID.NotFound'),
      'ec2 describe-security-groups': refused('InvalidGroup.NotFound'),
      'rds describe-db-instances': refused('DBInstanceNotFound'),
      'secretsmanager describe-secret': refused('ResourceNotFoundException'),
    });
    assert.deepEqual(found, [
      'subnetIds: not all of subnet-a, subnet-b are there',
      'securityGroupIds: not all of sg-1 are there',
      'source: there is no instance or cluster production here',
      `sourceSecretArn: there is no secret ${SECRET}`,
    ]);
  });

  test('must be in one VPC, and its subnets in two zones', async () => {
    const found = await problems({
      'ec2 describe-subnets --subnet-ids subnet-a': { Subnets: [subnet('subnet-a', 'a'), subnet('subnet-b', 'a')] },
      'ec2 describe-subnets --subnet-ids subnet-c': {
        Subnets: [subnet('subnet-c', 'a'), subnet('subnet-d', 'b', 'vpc-2')],
      },
      'ec2 describe-security-groups': { SecurityGroups: [{ GroupId: 'sg-1', VpcId: 'vpc-2' }] },
      'rds describe-db-instances': { DBInstances: [{ Engine: 'postgres', DBSubnetGroup: { VpcId: 'vpc-2' } }] },
    });
    assert.deepEqual(found, [
      `subnetIds: all in one zone (${REGION}a); name subnets of two zones at least`,
      'databaseSubnetIds: subnet-d is not in the VPC vpc-1',
      'securityGroupIds: sg-1 is not in the VPC vpc-1',
      'source: production is in the VPC vpc-2, not in vpc-1',
    ]);
  });

  test('may be a cluster, whose answer names its subnet group alone', async () => {
    const cluster = { Engine: 'aurora-postgresql', DBSubnetGroup: 'private' };
    const found = await problems({
      'rds describe-db-instances': refused('DBInstanceNotFound'),
      'rds describe-db-clusters': { DBClusters: [cluster] },
    });
    assert.deepEqual(found, []);
  });

  test("may not be a member of a cluster, whose backups are the cluster's", async () => {
    const member = (DBClusterIdentifier: string) => ({
      'rds describe-db-instances': {
        DBInstances: [{ Engine: 'aurora-postgresql', DBSubnetGroup: { VpcId: 'vpc-1' }, DBClusterIdentifier }],
      },
    });
    assert.deepEqual(await problems(member('ledger')), [
      'source: production is a member of the cluster ledger: name that',
    ]);
    assert.deepEqual(await problems(member('production')), []);
  });

  test('must be PostgreSQL', async () => {
    const found = await problems({ 'rds describe-db-instances': { DBInstances: [{ Engine: 'mysql' }] } });
    assert.deepEqual(found, ['source: production is mysql; postgres and aurora-postgresql can be restored']);
  });

  test('must have the full ARN of its secret, and say so if RDS manages that', async () => {
    const managed = { 'secretsmanager describe-secret': { ARN: SECRET, OwningService: 'rds' } };
    assert.deepEqual(await problems(managed), [
      'sourceSecretArn: RDS manages this secret: set `managedSecrets` to `true`',
    ]);
    assert.deepEqual(await problems(managed, { ...attached, managedSecrets: true }), []);
    // The name alone, whose end looks like what Secrets Manager adds.
    const short = { ...attached, sourceSecretArn: SECRET.replace('-AbCdEf', '-master') };
    assert.match((await problems({}, short)).join(), /the full ARN is .*-AbCdEf, not/);
  });
});

describe('a customer key', () => {
  const arn = (id: string) => `arn:aws:kms:${REGION}:${ACCOUNT}:key/${id}`;
  const [ours, theirs] = [arn('1'), arn('2')];
  const key = (Arn: string, changes: Answers = {}): Answers => ({
    [`kms describe-key --key-id ${Arn}`]: {
      KeyMetadata: { Arn, KeyManager: 'CUSTOMER', KeyState: 'Enabled', KeySpec: 'SYMMETRIC_DEFAULT', ...changes },
    },
  });
  const source = (KmsKeyId: string) => ({
    'rds describe-db-instances': { DBInstances: [{ Engine: 'postgres', KmsKeyId }] },
  });
  const secret = (KmsKeyId: string) => ({ 'secretsmanager describe-secret': { ARN: SECRET, KmsKeyId } });
  const withOurs = { ...attached, kmsKeyArn: ours };

  test('of the source or its secret must be that of the deployment, which the functions may use', async () => {
    const encrypted = { ...source(theirs), ...secret(theirs), ...key(theirs), ...key(ours) };
    for (const settings of [attached, withOurs]) {
      const found = await problems(encrypted, settings);
      assert.deepEqual(found, [
        `source: the storage of production has the customer key ${theirs}: set \`kmsKeyArn\` to it`,
        `sourceSecretArn: the secret has the customer key ${theirs}: set \`kmsKeyArn\` to it; if the source has another, give the secret that one (aws secretsmanager update-secret --kms-key-id …)`,
      ]);
    }
    assert.deepEqual(await problems(encrypted, { ...attached, kmsKeyArn: theirs }), []);
  });

  test('may be another if its own policy lets roles of the deployment use it', async () => {
    const policy = (role: string) => ({
      [`kms get-key-policy --key-id ${theirs}`]: { Policy: `{"AWS": "arn:aws:iam::${ACCOUNT}:role/${role}"}` },
    });
    const encrypted = { ...source(theirs), ...key(theirs) };
    assert.deepEqual(await problems({ ...encrypted, ...policy('tenant-restore-provision') }), []);
    assert.equal((await problems({ ...encrypted, ...policy('billing') })).length, 1);
  });

  test('is also found behind an alias, as a secret may name it', async () => {
    const alias = { 'kms describe-key --key-id alias/production': Object.values(key(ours))[0] };
    assert.deepEqual(await problems({ ...secret('alias/production'), ...alias, ...key(ours) }, withOurs), []);
    assert.match(
      (await problems({ ...secret('alias/production'), ...alias })).join(),
      /the secret has the customer key/,
    );
  });

  test('of a source is told when it is there no more, since nothing can be restored then', async () => {
    const gone = { [`kms describe-key --key-id ${theirs}`]: refused('NotFoundException') };
    assert.match(
      (await problems({ ...source(theirs), ...gone })).join(),
      /the storage of production has the customer key/,
    );
  });

  test('is none if it is one of AWS, which the account may use by the service', async () => {
    const aws = key(theirs, { KeyManager: 'AWS' });
    assert.deepEqual(await problems({ ...source(theirs), ...secret(theirs), ...aws }), []);
  });

  test('of the deployment must be there and fit to encrypt, of a demonstration too', async () => {
    const demonstration = { selectedDatabase: 'SingleAz', workerImage: 'registry.example/worker:1', kmsKeyArn: ours };
    const call = `kms describe-key --key-id ${ours}`;
    for (const [answer, told] of [
      [{ [call]: refused('NotFoundException') }, /^kmsKeyArn: there is no key /],
      [{ [call]: Object.values(key(theirs))[0] }, /^kmsKeyArn: the ARN is .*key\/2, not .*key\/1/],
      [key(ours, { KeyManager: 'AWS' }), /^kmsKeyArn: .* is AWS's own: leave it out/],
      [key(ours, { KeySpec: 'RSA_2048' }), /^kmsKeyArn: .* is RSA_2048: name a symmetric key/],
      [key(ours, { KeyState: 'PendingDeletion' }), /^kmsKeyArn: .* is PendingDeletion: enable it/],
    ] as const) {
      for (const settings of [withOurs, demonstration]) assert.match((await problems(answer, settings)).join(), told);
    }
    assert.deepEqual(await problems(key(ours), withOurs), []);
  });
});

describe('the image of the worker', () => {
  const ecr = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/worker`;

  test('is looked up in the registry of account and region', async () => {
    const call = `ecr describe-images --registry-id ${ACCOUNT} --repository-name worker --image-ids imageTag=1`;
    const image = { ...attached, workerImage: `${ecr}:1` };
    assert.deepEqual(await problems({ [call]: {} }, image), []);
    const found = await problems({ [call]: refused('ImageNotFoundException') }, image);
    assert.deepEqual(found, [`workerImage: there is no ${ecr}:1: push it first`]);
  });

  test('that was never built is told with what builds it', async () => {
    assert.deepEqual(await problems({}, { ...attached, workerImage: '' }), [
      'workerImage: there is no /dist/image/Dockerfile: run `make build`',
    ]);
  });
});
