import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import { problemOfSize } from '../lib/worker-size.ts';
import { named, resolve, resources, synthesize } from './template.ts';

interface Container {
  readonly Name: string;
  readonly Environment: { Name: string; Value: string }[];
  readonly [key: string]: unknown;
}

const template = synthesize({ logLevel: 'debug' });
const task = resolve(
  template,
  named(template, 'AWS::ECS::TaskDefinition', 'Family', 'tenant-restore-worker').Properties,
) as Record<string, unknown> & { ContainerDefinitions: Container[] };
const [worker, ...others] = task.ContainerDefinitions;

describe('the worker', () => {
  test('is one container, found by its name', () => {
    assert.equal(worker?.Name, 'worker');
    assert.deepEqual(others, []);
    assert.deepEqual([worker.Image, worker.Command], ['worker:1', ['worker']]);
  });

  test('runs on Fargate, arm64, with roles of its own', () => {
    assert.deepEqual(task.RequiresCompatibilities, ['FARGATE']);
    assert.deepEqual(task.RuntimePlatform, { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' });
    assert.match(String(task.TaskRoleArn), /role\/tenant-restore-worker-task$/);
    assert.match(String(task.ExecutionRoleArn), /role\/tenant-restore-worker-start$/);
  });

  test('keeps its earlier revisions, which restores that began with one go on with', () => {
    const [definition] = Object.values(resources(template, 'AWS::ECS::TaskDefinition'));
    const { UpdateReplacePolicy, DeletionPolicy } = definition as unknown as Record<string, string>;
    assert.deepEqual([UpdateReplacePolicy, DeletionPolicy], ['Retain', 'Delete']);
  });

  test('has the size that the deployment wants, of those that Fargate has', () => {
    const size = (from: Template) => {
      const { Cpu, Memory } = named(from, 'AWS::ECS::TaskDefinition', 'Family', 'tenant-restore-worker').Properties;
      return [Cpu, Memory];
    };
    assert.deepEqual(size(template), ['1024', '2048']);
    const wanted = { image: 'worker:1', cpu: 2048, memoryMiB: 8192 };
    assert.deepEqual(size(synthesize({ worker: wanted })), ['2048', '8192']);
    assert.throws(
      () => synthesize({ worker: { ...wanted, memoryMiB: 2048 } }),
      /worker: 2048 MiB: with 2048 CPU units Fargate has 4096, 5120, /,
    );
  });

  test('has no size that Fargate would refuse', () => {
    for (const [cpu, memoryMiB] of [
      [256, 512],
      [256, 2048],
      [1024, 3072],
      [4096, 30_720],
      [8192, 20_480],
      [16_384, 122_880],
    ] as const) {
      assert.equal(problemOfSize({ cpu, memoryMiB }), undefined, `${cpu} ${memoryMiB}`);
    }
    for (const [cpu, memoryMiB] of [
      [256, 1536],
      [256, 4096],
      [1024, 1024],
      [1024, 2560],
      [8192, 17_408],
      [16_384, 36_864],
    ] as const) {
      assert.match(problemOfSize({ cpu, memoryMiB }) ?? '', /Fargate has/, `${cpu} ${memoryMiB}`);
    }
    assert.match(
      problemOfSize({ cpu: 1000 }) ?? '',
      /^1000 CPU units: Fargate has 256, 512, 1024, 2048, 4096, 8192, 16384$/,
    );
  });

  test('can write to its scratch volume alone', () => {
    assert.equal(worker?.ReadonlyRootFilesystem, true);
    assert.deepEqual(worker.MountPoints, [{ ContainerPath: '/tmp', ReadOnly: false, SourceVolume: 'scratch' }]);
  });

  test('is nobody in particular, whatever its image says, and may do nothing of what root may', () => {
    assert.equal(worker?.User, '65532:65532');
    assert.deepEqual(worker.LinuxParameters, { Capabilities: { Drop: ['ALL'] } });
    assert.equal(worker.Privileged, undefined);
  });

  test('is told no secret', () => {
    assert.equal(worker?.Secrets, undefined);
    assert.deepEqual(Object.fromEntries(worker?.Environment.map(({ Name, Value }) => [Name, Value]) ?? []), {
      DEPLOYMENT: 'tenant-restore',
      DEPLOYMENT_TAG: 'main',
      BUCKET_NAME: 'tenant-restore-111122223333-eu-west-3',
      PGSSLROOTCERT: '/etc/ssl/certs/rds-global-bundle.pem',
      RUST_LOG: 'debug',
    });
  });

  test('keeps its log for a limited time', () => {
    const logs = named(template, 'AWS::Logs::LogGroup', 'LogGroupName', '/ecs/tenant-restore-worker');
    assert.equal(logs.Properties.RetentionInDays, 90);
  });
});

describe('the network', () => {
  const groups = resources(template, 'AWS::EC2::SecurityGroup');
  const [workers, databases] = ['workers', 'databases'].map(
    (name) => Object.entries(groups).find(([, g]) => g.Properties.GroupName === `tenant-restore-${name}`)?.[0],
  );
  const ingress = Object.values(resources(template, 'AWS::EC2::SecurityGroupIngress')).map((r) => r.Properties);
  const into = (group: unknown) => ingress.filter((rule) => JSON.stringify(rule.GroupId) === JSON.stringify(group));
  const groupId = (id: string | undefined) => ({ 'Fn::GetAtt': [id, 'GroupId'] });

  test('lets a temporary database talk to nobody', () => {
    const egress = groups[databases ?? '']?.Properties.SecurityGroupEgress as Record<string, unknown>[];
    assert.deepEqual(
      egress.map((rule) => rule.CidrIp),
      ['255.255.255.255/32'],
    );
    const more = Object.values(resources(template, 'AWS::EC2::SecurityGroupEgress'));
    for (const rule of more) assert.deepEqual(rule.Properties.GroupId, groupId(workers));
  });

  test('lets workers alone reach a temporary database, on its port', () => {
    const rules = into(groupId(databases));
    assert.deepEqual(
      rules.map(({ FromPort, ToPort, SourceSecurityGroupId }) => ({ FromPort, ToPort, SourceSecurityGroupId })),
      [{ FromPort: 5432, ToPort: 5432, SourceSecurityGroupId: groupId(workers) }],
    );
  });

  test('lets workers reach the source', () => {
    const rules = into('sg-0123456789abcdef0');
    assert.deepEqual(
      rules.map((rule) => rule.SourceSecurityGroupId),
      [groupId(workers)],
    );
  });

  test('tells the group of the workers, which interface endpoints of others must let in', () => {
    assert.deepEqual(template.findOutputs('WorkerSecurityGroupIds').WorkerSecurityGroupIds?.Value, groupId(workers));
  });

  test('uses groups that are given, and makes none then', () => {
    const given = synthesize({
      network: {
        vpcId: 'vpc-0123456789abcdef0',
        taskSubnetIds: ['subnet-0123456789abcdef0'],
        databaseSubnetIds: ['subnet-0123456789abcdef2'],
        sourceSecurityGroupIds: [],
        workerSecurityGroupIds: ['sg-aaaaaaaaaaaaaaaaa'],
        databaseSecurityGroupIds: ['sg-bbbbbbbbbbbbbbbbb'],
      },
    });
    assert.deepEqual(resources(given, 'AWS::EC2::SecurityGroup'), {});
    const intake = named(given, 'AWS::Lambda::Function', 'FunctionName', 'tenant-restore-intake').Properties;
    const { Variables } = resolve(given, intake.Environment) as { Variables: Record<string, string> };
    assert.equal(Variables.TASK_SECURITY_GROUPS, 'sg-aaaaaaaaaaaaaaaaa');
    assert.equal(Variables.DB_SECURITY_GROUPS, 'sg-bbbbbbbbbbbbbbbbb');
  });
});

describe('a customer key', () => {
  const keyArn = 'arn:aws:kms:eu-west-3:111122223333:key/0f0f0f0f-0000-4000-8000-000000000000';
  const withKey = synthesize({ kmsKeyArn: keyArn });
  const grants = Object.values(resources(withKey, 'AWS::IAM::Role')).flatMap((role) =>
    (role.Properties.Policies as { PolicyDocument: { Statement: Record<string, unknown>[] } }[])
      .flatMap((policy) => policy.PolicyDocument.Statement)
      .filter((statement) => JSON.stringify(statement.Action).includes('kms:'))
      .map((statement) => ({ role: role.Properties.RoleName, ...statement })),
  );

  test('is used through a service alone, by those who create or read what it encrypts', () => {
    assert.deepEqual(
      [...new Set(grants.map((grant) => grant.role))].sort(),
      ['ddl', 'dms-secrets', 'migrate', 'provision', 'worker-task'].map((role) => `tenant-restore-${role}`),
    );
    for (const grant of grants as unknown as { Resource: string; Condition: unknown }[]) {
      assert.equal(grant.Resource, keyArn);
      assert.match(
        JSON.stringify(grant.Condition),
        /"kms:ViaService":"?\[?"?(rds|dms|secretsmanager)\.eu-west-3\.amazonaws\.com/,
      );
    }
  });

  test('is lent to services alone: a grant for anybody else is refused, and nothing but grants has that condition', () => {
    const conditions = (of: string) =>
      grants
        .filter((grant) => [(grant as unknown as { Action: string | string[] }).Action].flat().includes(of))
        .map(({ role, ...grant }) => [
          role,
          (grant as unknown as { Condition: Record<string, unknown> }).Condition.Bool,
        ]);
    const isForService = { 'kms:GrantIsForAWSResource': 'true' };
    assert.deepEqual(conditions('kms:CreateGrant').sort(), [
      ['tenant-restore-migrate', isForService],
      ['tenant-restore-provision', isForService],
    ]);
    for (const action of ['kms:DescribeKey', 'kms:Decrypt', 'kms:GenerateDataKey']) {
      assert.ok(conditions(action).length >= 2, action);
      for (const [role, bool] of conditions(action)) assert.equal(bool, undefined, `${action} ${String(role)}`);
    }
  });

  test('is absent from every policy when there is none', () => {
    assert.doesNotMatch(JSON.stringify(template.toJSON()), /kms:(Decrypt|CreateGrant|GenerateDataKey)/);
  });
});
