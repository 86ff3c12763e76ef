import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { RemovalPolicy } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { type DatabaseKind, KINDS } from '../lib/demonstration/kind.ts';
import { demonstrate, only, target } from './demonstration.ts';
import { named, type Resource, resources } from './template.ts';

const templates = new Map<DatabaseKind, Template>(KINDS.map((kind) => [kind, demonstrate(kind)]));
const of = (kind: DatabaseKind): Template => templates.get(kind) ?? demonstrate(kind);
const any = of('SingleAz');

describe('the production database', () => {
  const instance = (kind: DatabaseKind) => only(of(kind), 'AWS::RDS::DBInstance')[1].Properties;
  const cluster = (kind: DatabaseKind) => only(of(kind), 'AWS::RDS::DBCluster')[1].Properties;

  for (const [kind, multiAz] of [
    ['SingleAz', false],
    ['MultiAz', true],
  ] as const) {
    test(`of ${kind} is a db.t4g.micro with 20 GB in ${multiAz ? 'two zones' : 'one zone'}`, () => {
      const { DBInstanceClass, AllocatedStorage, MultiAZ, Engine } = instance(kind);
      assert.deepEqual(
        [Engine, DBInstanceClass, AllocatedStorage, MultiAZ],
        ['postgres', 'db.t4g.micro', '20', multiAz],
      );
      assert.deepEqual(resources(of(kind), 'AWS::RDS::DBCluster'), {});
    });
  }

  test('of AuroraProvisioned has a writer of db.t4g.medium', () => {
    assert.equal(cluster('AuroraProvisioned').Engine, 'aurora-postgresql');
    assert.equal(instance('AuroraProvisioned').DBInstanceClass, 'db.t4g.medium');
    assert.equal(cluster('AuroraProvisioned').ServerlessV2ScalingConfiguration, undefined);
  });

  test('of AuroraServerless has 0.5 to 1 capacity units', () => {
    assert.equal(instance('AuroraServerless').DBInstanceClass, 'db.serverless');
    const { ServerlessV2ScalingConfiguration } = cluster('AuroraServerless');
    assert.deepEqual(ServerlessV2ScalingConfiguration, { MinCapacity: 0.5, MaxCapacity: 1 });
  });

  for (const kind of KINDS) {
    const aurora = kind.startsWith('Aurora');
    const database = () => (aurora ? cluster(kind) : instance(kind));

    test(`of ${kind} is encrypted, private, kept and backed up for a week`, () => {
      const { StorageEncrypted, DeletionProtection, BackupRetentionPeriod, VpcSecurityGroupIds, VPCSecurityGroups } =
        database();
      assert.deepEqual([StorageEncrypted, DeletionProtection, BackupRetentionPeriod], [true, true, 7]);
      const groups = (VpcSecurityGroupIds ?? VPCSecurityGroups) as unknown[];
      const made = resources(of(kind), 'AWS::EC2::SecurityGroup');
      assert.deepEqual(
        groups.map((group) => made[target(group)]?.Properties.GroupName),
        ['tenant-restore-demonstration-production'],
      );
      assert.equal(instance(kind).PubliclyAccessible, false);
    });

    test(`of ${kind} refuses connections without TLS`, () => {
      const type = aurora ? 'AWS::RDS::DBClusterParameterGroup' : 'AWS::RDS::DBParameterGroup';
      const [id, { Properties }] = only(of(kind), type);
      assert.deepEqual(Properties.Parameters, { 'rds.force_ssl': '1' });
      assert.equal(target(aurora ? database().DBClusterParameterGroupName : database().DBParameterGroupName), id);
    });

    test(`of ${kind} is the pipeline's default source, with its secret`, () => {
      const template = of(kind);
      const intake = named(template, 'AWS::Lambda::Function', 'FunctionName', 'tenant-restore-intake').Properties;
      const { Variables } = intake.Environment as { Variables: Record<string, unknown> };
      const [source] = only(template, aurora ? 'AWS::RDS::DBCluster' : 'AWS::RDS::DBInstance');
      assert.equal(target(Variables.DEFAULT_SOURCE), source);
      const [attachment] = only(template, 'AWS::SecretsManager::SecretTargetAttachment');
      assert.equal(target(Variables.DEFAULT_SOURCE_SECRET_ARN), attachment);
    });

    test(`of ${kind} has a password that Secrets Manager changes every month`, () => {
      const template = of(kind);
      const [, schedule] = only(template, 'AWS::SecretsManager::RotationSchedule');
      assert.deepEqual(schedule.Properties.RotationRules, { ScheduleExpression: 'rate(30 days)' });
      const [, application] = only(template, 'AWS::Serverless::Application');
      const { Parameters } = application.Properties as { Parameters: Record<string, string> };
      const [, { Properties }] = only(template, 'AWS::SecretsManager::Secret');
      const generated = Properties.GenerateSecretString as Record<string, string>;
      // Of `-` and `_` alone nothing is known that DMS doesn't take.
      for (const excluded of [generated.ExcludeCharacters, Parameters.excludeCharacters]) {
        assert.match(excluded ?? '', /^[ -~]+$/);
        for (const character of ' !"#$%&\'()*+,./:;<=>?@[\\]^`{|}~')
          assert.ok(excluded?.includes(character), character);
      }
    });
  }

  test('has the version that is asked for, since RDS withdraws minor versions', () => {
    for (const [engineVersion, family] of [
      ['16.13', '16'],
      ['18', '18'],
    ] as const) {
      const one = demonstrate('MultiAz', { engineVersion });
      assert.equal(only(one, 'AWS::RDS::DBInstance')[1].Properties.EngineVersion, engineVersion);
      assert.equal(only(one, 'AWS::RDS::DBParameterGroup')[1].Properties.Family, `postgres${family}`);
      const other = demonstrate('AuroraServerless', { engineVersion });
      assert.equal(only(other, 'AWS::RDS::DBCluster')[1].Properties.EngineVersion, engineVersion);
      const [, group] = only(other, 'AWS::RDS::DBClusterParameterGroup');
      assert.equal(group.Properties.Family, `aurora-postgresql${family}`);
    }
  });

  test('goes with the stack, without a snapshot, only where the deployment is to throw away', () => {
    for (const kind of KINDS) {
      const thrownAway = demonstrate(kind, { removalPolicy: RemovalPolicy.DESTROY });
      const type = kind.startsWith('Aurora') ? 'AWS::RDS::DBCluster' : 'AWS::RDS::DBInstance';
      const policy = (template: Template) =>
        (only(template, type)[1] as Resource & { DeletionPolicy: string }).DeletionPolicy;
      assert.deepEqual([policy(of(kind)), policy(thrownAway)], ['Snapshot', 'Delete']);
      assert.equal(only(thrownAway, type)[1].Properties.DeletionProtection, false);
    }
  });
});

describe('the roles of DMS', () => {
  const roles = (template: Template) =>
    Object.values(resources(template, 'AWS::IAM::Role')).filter(({ Properties }) =>
      String(Properties.RoleName).startsWith('dms-'),
    ) as (Resource & { DeletionPolicy: string })[];

  test('are those that the account has', () => {
    assert.deepEqual(roles(any), []);
  });

  test('are made on demand and stay for others that use DMS, unless the creation of the stack fails', () => {
    const template = demonstrate('SingleAz', { dmsRoles: 'create' });
    const names = roles(template).map(({ Properties }) => Properties.RoleName);
    assert.deepEqual(names, ['dms-vpc-role', 'dms-cloudwatch-logs-role']);
    for (const role of roles(template)) {
      assert.equal(role.DeletionPolicy, 'RetainExceptOnCreate');
      assert.match(JSON.stringify(role.Properties.AssumeRolePolicyDocument), /"Service":"dms\.amazonaws\.com"/);
    }
  });

  test("aren't needed for logs, since the tasks of restores keep none", () => {
    const file = join(import.meta.dirname, '../../handlers/lambda/src/phases/replication_task_settings.json');
    const { Logging } = JSON.parse(readFileSync(file, 'utf8')) as { Logging: { EnableLogging: boolean } };
    assert.equal(Logging.EnableLogging, false, 'with logs, dms-cloudwatch-logs-role must be demanded too');
  });

  test('are minutes old when DMS first needs them: as old as the database', () => {
    for (const kind of KINDS) {
      const template = demonstrate(kind, { dmsRoles: 'create' });
      const [, group] = only(template, 'AWS::DMS::ReplicationSubnetGroup');
      const { DependsOn: waitsFor } = group as Resource & { DependsOn: string[] };
      const instances = Object.keys(resources(template, 'AWS::RDS::DBInstance'));
      const made = Object.entries(resources(template, 'AWS::IAM::Role'));
      const ours = made.filter(([, { Properties }]) => String(Properties.RoleName).startsWith('dms-'));
      for (const id of [...instances, ...ours.map(([id]) => id)]) assert.ok(waitsFor.includes(id), `${kind}: ${id}`);
    }
  });
});

describe('the messages of the demonstration', () => {
  test('are encrypted by a key that EventBridge may use', () => {
    const [id, key] = only(any, 'AWS::KMS::Key');
    for (const { Properties } of Object.values(resources(any, 'AWS::SQS::Queue'))) {
      assert.equal(target(Properties.KmsMasterKeyId), id);
    }
    const { Statement } = key.Properties.KeyPolicy as { Statement: Record<string, unknown>[] };
    const eventBridge = Statement.find(({ Principal }) => JSON.stringify(Principal).includes('events.amazonaws.com'));
    assert.deepEqual(eventBridge?.Action, ['kms:Decrypt', 'kms:GenerateDataKey']);
  });
});
