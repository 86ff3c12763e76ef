import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { App, Fn, Stack, Token } from 'aws-cdk-lib';
import { type ISecurityGroup, SecurityGroup, Subnet, Vpc } from 'aws-cdk-lib/aws-ec2';
import { DatabaseInstance } from 'aws-cdk-lib/aws-rds';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { instanceAsSource, networkIn, type VpcAttachment } from '../lib/index.ts';
import { props, type Resource, resources, synthesize } from './template.ts';

const ZONES = ['eu-west-3a', 'eu-west-3b'];
const stack = new Stack(new App(), 'Platform');
const subnet = (index: number, zone?: string) =>
  Subnet.fromSubnetAttributes(stack, `Subnet${stack.node.children.length}`, {
    subnetId: `subnet-0123456789abcdef${index}`,
    routeTableId: 'rtb-0123456789abcdef0',
    ...(zone !== undefined && { availabilityZone: zone }),
  });
const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-0123456789abcdef0', availabilityZones: ZONES });
const group = SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-0123456789abcdef0');
const instanceOn = (port: number, securityGroups: ISecurityGroup[] = [group]) =>
  DatabaseInstance.fromDatabaseInstanceAttributes(stack, `Instance${stack.node.children.length}`, {
    instanceIdentifier: 'production',
    instanceEndpointAddress: 'production.example',
    port,
    securityGroups,
  });
const instance = instanceOn(5432);
const attachment = (zones: (string | undefined)[], changes: Partial<VpcAttachment> = {}) => {
  const subnets = { subnets: zones.map((zone, index) => subnet(index, zone)) };
  return { vpc, taskSubnets: subnets, databaseSubnets: subnets, sources: [instance], ...changes };
};

describe('what is there already', () => {
  test('is named by its constructs', () => {
    assert.deepEqual(networkIn(attachment(ZONES)), {
      vpcId: 'vpc-0123456789abcdef0',
      taskSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
      databaseSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
      sourceSecurityGroupIds: ['sg-0123456789abcdef0'],
      databasePorts: [5432],
    });
  });

  test('is refused where RDS and DMS would refuse it at the deployment', () => {
    for (const [zones, problem] of [
      [['eu-west-3a'], /taskSubnets must be two subnets at least/],
      [[undefined], /taskSubnets must be two subnets at least/],
      [['eu-west-3a', 'eu-west-3a'], /taskSubnets must lie in two zones at least, not in eu-west-3a alone/],
    ] as const) {
      assert.throws(() => networkIn(attachment([...zones])), problem);
    }
  });

  test('may be subnets whose zones nobody here knows', () => {
    for (const zones of [
      [undefined, undefined],
      [Fn.select(0, Fn.getAzs()), Fn.select(0, Fn.getAzs())],
    ]) {
      assert.equal(networkIn(attachment(zones)).taskSubnetIds.length, 2);
    }
  });

  test('is reached on the ports that its databases listen on, unless others are named', () => {
    const sources = [instanceOn(6432), instance, instanceOn(6432), instanceOn(Token.asNumber({ Ref: 'Port' }))];
    assert.deepEqual(networkIn(attachment(ZONES, { sources })).databasePorts, [6432, 5432]);
    assert.deepEqual(networkIn(attachment(ZONES, { sources, databasePorts: [7432] })).databasePorts, [7432]);
  });

  test('is refused where no rule could let the pipeline reach a database', () => {
    const closed = instanceOn(5432, []);
    assert.throws(() => networkIn(attachment(ZONES, { sources: [instance, closed] })), {
      message: `the source ${closed.node.path} has no security group that could let the pipeline in`,
    });
    assert.throws(() => networkIn(attachment(ZONES, { sources: [] })), /name one source at least/);
    const network = { ...props().network, sourceSecurityGroupIds: [] };
    assert.throws(() => synthesize({ network }), /sourceSecurityGroupIds must name one group at least/);
  });

  test('has one rule a group and port, however often they are named', () => {
    const twice = networkIn(attachment(ZONES, { sources: [instance, instanceOn(5432)] }));
    const template = synthesize({ network: { ...twice, databasePorts: [5432, 5432] } });
    const rules = Object.values(resources(template, 'AWS::EC2::SecurityGroupIngress'));
    const intoSources = rules.filter(({ Properties }) => Properties.GroupId === group.securityGroupId);
    assert.equal(intoSources.length, 1);
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

  test('makes no topic beside the one that is there, and every function may use the key of the queues', () => {
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
