import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { DatabaseInstance } from 'aws-cdk-lib/aws-rds';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { instanceAsSource, networkIn } from '../lib/index.ts';
import { props, type Resource } from './template.ts';

const stack = new Stack(new App(), 'Platform');
const vpc = (zones: string[]) =>
  Vpc.fromVpcAttributes(stack, `Vpc${zones.length}`, {
    vpcId: 'vpc-0123456789abcdef0',
    availabilityZones: zones,
    isolatedSubnetIds: zones.map((_, index) => `subnet-0123456789abcdef${index}`),
  });
const group = SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-0123456789abcdef0');
const instance = DatabaseInstance.fromDatabaseInstanceAttributes(stack, 'Instance', {
  instanceIdentifier: 'production',
  instanceEndpointAddress: 'production.example',
  port: 5432,
  securityGroups: [group],
});
const attachment = (zones: string[]) => {
  const place = vpc(zones);
  const subnets = { subnets: place.isolatedSubnets };
  return { vpc: place, taskSubnets: subnets, databaseSubnets: subnets, sources: [instance] };
};

describe('what is there already', () => {
  test('is named by its constructs', () => {
    assert.deepEqual(networkIn(attachment(['eu-west-3a', 'eu-west-3b'])), {
      vpcId: 'vpc-0123456789abcdef0',
      taskSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
      databaseSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
      sourceSecurityGroupIds: ['sg-0123456789abcdef0'],
    });
  });

  test('is refused where RDS and DMS would refuse it at the deployment', () => {
    assert.throws(
      () => networkIn(attachment(['eu-west-3a'])),
      /taskSubnets must lie in two zones at least, not in eu-/,
    );
  });

  test('is refused by a name that could mean several secrets', () => {
    const partial = Secret.fromSecretNameV2(stack, 'Partial', 'production');
    const arn = 'arn:aws:secretsmanager:eu-west-3:111122223333:secret:production';
    const withoutEnd = Secret.fromSecretPartialArn(stack, 'WithoutEnd', arn);
    assert.throws(() => instanceAsSource(instance, withoutEnd), /needs its full ARN/);
    assert.throws(() => instanceAsSource(instance, partial), /needs its full ARN/);
    const whole = Secret.fromSecretCompleteArn(stack, 'Whole', `${arn}-AbCdEf`);
    assert.deepEqual(instanceAsSource(instance, whole), { identifier: 'production', secretArn: `${arn}-AbCdEf` });
  });
});

describe('the example', () => {
  const out = mkdtempSync(join(tmpdir(), 'cdk-'));
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, '../examples/attached.ts')],
    {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, CDK_OUTDIR: out, LAMBDA_ARTIFACT: props().lambdaArtifact },
    },
  );

  test('is synthesized without an error or a warning', () => {
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stderr, /WARNING|ERROR|\[W/i);
  });

  const template = JSON.parse(readFileSync(join(out, 'TenantPlatform.template.json'), 'utf8')) as {
    Resources: Record<string, Resource>;
  };
  const all = (type: string) => Object.values(template.Resources).filter(({ Type }) => Type === type);

  test('has every queue encrypted by its key, which EventBridge may use', () => {
    const [key, ...others] = Object.entries(template.Resources).filter(([, { Type }]) => Type === 'AWS::KMS::Key');
    assert.equal(others.length, 0);
    for (const { Properties } of all('AWS::SQS::Queue')) {
      assert.deepEqual(Properties.KmsMasterKeyId, { 'Fn::GetAtt': [key?.[0], 'Arn'] });
    }
    const { Statement } = key?.[1].Properties.KeyPolicy as { Statement: Record<string, unknown>[] };
    const eventBridge = Statement.find(({ Principal }) => JSON.stringify(Principal).includes('events.amazonaws.com'));
    assert.deepEqual(eventBridge?.Action, ['kms:Decrypt', 'kms:GenerateDataKey']);
  });

  test('makes no topic beside the one that is there, and every function may use key and topic', () => {
    assert.equal(all('AWS::SNS::Topic').length, 0);
    const roles = all('AWS::IAM::Role').filter(({ Properties }) =>
      JSON.stringify(Properties.AssumeRolePolicyDocument).includes('lambda'),
    );
    assert.equal(roles.length, 8);
    for (const { Properties } of roles) {
      assert.match(JSON.stringify(Properties.Policies), /"kms:ViaService":\["sqs\.eu-west-3\.amazonaws\.com"/);
    }
  });
});
