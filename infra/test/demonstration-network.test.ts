import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { App } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { DatabaseLevelRestoreStack } from '../lib/demonstration/stack.ts';
import { demonstrate, demonstrationProps, only, target } from './demonstration.ts';
import { ACCOUNT, named, REGION, resolve, type Resource, resources } from './template.ts';

const any = demonstrate('SingleAz');

/** Logical ids of the subnets with this name in the VPC's configuration. */
function subnets(template: Template, name: string): string[] {
  return Object.entries(resources(template, 'AWS::EC2::Subnet'))
    .filter(([, { Properties }]) => JSON.stringify(Properties.Tags).includes(`"aws-cdk:subnet-name","Value":"${name}"`))
    .map(([id]) => id);
}

/** Logical ids of the route tables of subnets. */
function tables(template: Template, ofSubnets: readonly string[]): string[] {
  return Object.values(resources(template, 'AWS::EC2::SubnetRouteTableAssociation'))
    .filter(({ Properties }) => ofSubnets.includes(target(Properties.SubnetId)))
    .map(({ Properties }) => target(Properties.RouteTableId));
}

describe('the network of the demonstration', () => {
  test('has two subnets each for the public, for databases and for restorations, in two zones', () => {
    const made = resources(any, 'AWS::EC2::Subnet');
    assert.equal(Object.keys(made).length, 6);
    for (const name of ['public', 'database', 'restoration']) {
      const pair = subnets(any, name).map((id) => made[id]?.Properties ?? {});
      assert.deepEqual(
        pair.map(({ AvailabilityZone }) => AvailabilityZone),
        [0, 1].map((index) => ({ 'Fn::Select': [index, { 'Fn::GetAZs': '' }] })),
        name,
      );
      for (const { MapPublicIpOnLaunch } of pair) assert.equal(MapPublicIpOnLaunch, false);
    }
  });

  test('has no NAT, and no route to the internet but from the empty public subnets', () => {
    assert.deepEqual(resources(any, 'AWS::EC2::NatGateway'), {});
    const routes = Object.values(resources(any, 'AWS::EC2::Route')).map((r) => target(r.Properties.RouteTableId));
    assert.deepEqual(routes.sort(), tables(any, subnets(any, 'public')).sort());
  });

  test('gives database subnets no way out at all, and restoration subnets one to S3', () => {
    const [gateway, ...others] = Object.values(resources(any, 'AWS::EC2::VPCEndpoint')).filter(
      ({ Properties }) => Properties.VpcEndpointType === 'Gateway',
    );
    assert.deepEqual(others, []);
    const reaching = (gateway?.Properties.RouteTableIds as unknown[]).map(target);
    assert.deepEqual(reaching.sort(), tables(any, subnets(any, 'restoration')).sort());
  });

  test('shows through S3 the own bucket, layers of images and answers to CloudFormation alone', () => {
    const gateway = named(any, 'AWS::EC2::VPCEndpoint', 'VpcEndpointType', 'Gateway');
    const { Statement } = resolve(any, gateway.Properties.PolicyDocument) as { Statement: Record<string, unknown>[] };
    const bucket = `arn:aws:s3:::tenant-restore-${ACCOUNT}-${REGION}`;
    assert.deepEqual(
      Statement.map(({ Action, Resource }) => [Action, Resource]),
      [
        [
          ['s3:GetObject', 's3:ListBucket', 's3:PutObject'],
          [bucket, `${bucket}/*`],
        ],
        ['s3:GetObject', `arn:aws:s3:::prod-${REGION}-starport-layer-bucket/*`],
        ['s3:PutObject', 'arn:aws:s3:::cloudformation-custom-resource-response-*/*'],
      ],
    );
  });

  test('places databases in database subnets, and all that works on them in restoration subnets', () => {
    const placed = (type: string, property: string) =>
      Object.values(resources(any, type)).map(({ Properties }) =>
        (Properties[property] as unknown[]).map(target).sort(),
      );
    const [databases, restoration] = ['database', 'restoration'].map((name) => subnets(any, name).sort());
    assert.deepEqual(placed('AWS::RDS::DBSubnetGroup', 'SubnetIds'), [databases, databases]);
    assert.deepEqual(placed('AWS::DMS::ReplicationSubnetGroup', 'SubnetIds'), [restoration]);
    const functions = Object.values(resources(any, 'AWS::Lambda::Function')).filter((f) => f.Properties.VpcConfig);
    assert.equal(functions.length, 2);
    for (const { Properties } of functions) {
      const { SubnetIds } = Properties.VpcConfig as { SubnetIds: unknown[] };
      assert.deepEqual(SubnetIds.map(target).sort(), restoration);
    }
  });

  test('logs what its security groups refuse', () => {
    const [, log] = only(any, 'AWS::EC2::FlowLog');
    assert.deepEqual([log.Properties.ResourceType, log.Properties.TrafficType], ['VPC', 'REJECT']);
  });

  test('needs no look into an account', () => {
    const app = new App();
    new DatabaseLevelRestoreStack(app, demonstrationProps('SingleAz'), { account: ACCOUNT, region: REGION });
    assert.equal(app.synth().manifest.missing, undefined);
  });
});

describe('the endpoints', () => {
  /** What runs in the VPC, by the manifest of its crate, with the endpoint of each client of the SDK in it. */
  const ENDPOINT_OF: Readonly<Record<string, string>> = { s3: 's3', secretsmanager: 'secretsmanager' };
  /** Fargate pulls the image and keeps the log (ECS developer guide, "Interface VPC endpoints"); DMS reads secrets. */
  const OF_AWS = ['ecr.api', 'ecr.dkr', 'logs', 's3', 'secretsmanager'];

  function called(crate: string): string[] {
    const manifest = readFileSync(join(import.meta.dirname, '../../handlers', crate, 'Cargo.toml'), 'utf8');
    const dependencies = manifest.slice(manifest.indexOf('[dependencies]')).split('[dev-dependencies]')[0] ?? '';
    return [...dependencies.matchAll(/^aws-sdk-([a-z0-9]+)/gm)].map(([, service = '']) => {
      const endpoint = ENDPOINT_OF[service];
      assert.ok(endpoint, `${crate} calls ${service}, for which the demonstration has no endpoint`);
      return endpoint;
    });
  }

  /** The last part of `com.amazonaws.<region>.<service>`, whether the region is written or referred to. */
  function serviceOf(name: unknown): string {
    const parts = typeof name === 'string' ? [name] : (name as { 'Fn::Join': [string, unknown[]] })['Fn::Join'][1];
    return String(parts.at(-1)).replace(/^(com\.amazonaws\.eu-west-3)?\./, '');
  }

  test('are those of the services that private components call, and no others', () => {
    const expected = new Set([...OF_AWS, ...called('worker'), ...called('samples')]);
    const made = Object.values(resources(any, 'AWS::EC2::VPCEndpoint')).map(({ Properties }) =>
      serviceOf(Properties.ServiceName),
    );
    assert.deepEqual(made.sort(), [...expected].sort());
  });

  test('serve principals of the account alone, whoever else finds a way to them', () => {
    const interfaces = Object.values(resources(any, 'AWS::EC2::VPCEndpoint')).filter(
      ({ Properties }) => Properties.VpcEndpointType === 'Interface',
    );
    assert.equal(interfaces.length, 4);
    for (const { Properties } of interfaces) {
      const { Statement } = Properties.PolicyDocument as { Statement: unknown[] };
      assert.deepEqual(Statement, [
        {
          Effect: 'Allow',
          Principal: { AWS: '*' },
          Action: '*',
          Resource: '*',
          Condition: { StringEquals: { 'aws:PrincipalAccount': ACCOUNT } },
        },
      ]);
    }
  });

  test('answer by the names that every SDK uses, in both zones', () => {
    const restoration = subnets(any, 'restoration').sort();
    for (const { Properties } of Object.values(resources(any, 'AWS::EC2::VPCEndpoint'))) {
      if (Properties.VpcEndpointType === 'Gateway') continue;
      assert.equal(Properties.PrivateDnsEnabled, true);
      assert.deepEqual((Properties.SubnetIds as unknown[]).map(target).sort(), restoration);
    }
  });
});

/** Every flow that a rule allows, from both sides: `from>to:port`. */
function flows(template: Template): { out: string[]; in: string[] } {
  const groups = resources(template, 'AWS::EC2::SecurityGroup');
  const name = (value: unknown) =>
    ((groups[target(value)]?.Properties.GroupName ?? '') as string).replace(/^tenant-restore-(demonstration-)?/, '');
  const rules = (type: string) => Object.values(resources(template, type)).map(({ Properties }) => Properties);
  const range = (rule: Resource['Properties']) => {
    assert.equal(rule.IpProtocol, 'tcp');
    assert.equal(rule.FromPort, rule.ToPort);
    return String(rule.FromPort);
  };
  const beyond = (rule: Resource['Properties']) =>
    (rule.CidrIp ?? rule.DestinationPrefixListId ?? name(rule.DestinationSecurityGroupId)) as string;
  return {
    out: rules('AWS::EC2::SecurityGroupEgress')
      .map((r) => `${name(r.GroupId)}>${beyond(r)}:${range(r)}`)
      .sort(),
    in: rules('AWS::EC2::SecurityGroupIngress')
      .map((r) => `${name(r.SourceSecurityGroupId)}>${name(r.GroupId)}:${range(r)}`)
      .sort(),
  };
}

describe('the flows', () => {
  const between = [
    ...['activity', 'rotation', 'sample-tenants', 'workers'].flatMap((client) => [
      `${client}>production:5432`,
      `${client}>endpoints:443`,
    ]),
    'workers>databases:5432',
  ].sort();

  test('that exist are allowed on both sides, and no others', () => {
    const found = flows(any);
    assert.deepEqual(found.in, between);
    assert.deepEqual(found.out, [...between, 'sample-tenants>0.0.0.0/0:443', 'workers>0.0.0.0/0:443'].sort());
  });

  test('to S3 are narrowed to its prefix list where that is named', () => {
    const { out } = flows(demonstrate('SingleAz', { s3PrefixListId: 'pl-0123456789abcdef0' }));
    const s3 = 'pl-0123456789abcdef0:443';
    assert.deepEqual(out, [...between, `sample-tenants>${s3}`, `workers>${s3}`].sort());
  });

  test('are all that a group has: EC2 adds nothing to one with an egress rule of its own', () => {
    for (const { Properties } of Object.values(resources(any, 'AWS::EC2::SecurityGroup'))) {
      const egress = Properties.SecurityGroupEgress as Record<string, unknown>[];
      assert.deepEqual(
        egress.map(({ CidrIp }) => CidrIp),
        ['255.255.255.255/32'],
        String(Properties.GroupName),
      );
      assert.equal(Properties.SecurityGroupIngress, undefined);
    }
  });

  test('of the pipeline run between the groups of the demonstration', () => {
    const intake = named(any, 'AWS::Lambda::Function', 'FunctionName', 'tenant-restore-intake').Properties;
    const { Variables } = intake.Environment as { Variables: Record<string, unknown> };
    const groups = resources(any, 'AWS::EC2::SecurityGroup');
    const used = [Variables.TASK_SECURITY_GROUPS, Variables.DMS_SECURITY_GROUPS, Variables.DB_SECURITY_GROUPS];
    assert.deepEqual(
      used.map((group) => groups[target(group)]?.Properties.GroupName),
      ['tenant-restore-demonstration-workers', 'tenant-restore-demonstration-workers', 'tenant-restore-databases'],
    );
  });
});
