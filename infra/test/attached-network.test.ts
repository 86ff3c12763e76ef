import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSettings } from '../deployment/settings.ts';
import type { NetworkProps } from '../lib/index.ts';
import { run } from './app.ts';
import { named, props, synthesize } from './template.ts';

const endpoints = {
  s3PrefixListId: 'pl-0123456789abcdef0',
  endpointSecurityGroupIds: ['sg-eeeeeeeeeeeeeeee1', 'sg-eeeeeeeeeeeeeeee2', 'sg-eeeeeeeeeeeeeeee1'],
};
const attachedTo = (changes: Partial<NetworkProps>) => synthesize({ network: { ...props().network, ...changes } });

/** Where the workers' group lets them go by itself, as `place:port`. */
function waysOut(changes: Partial<NetworkProps>): string[] {
  const group = named(attachedTo(changes), 'AWS::EC2::SecurityGroup', 'GroupName', 'tenant-restore-workers');
  const rules = group.Properties.SecurityGroupEgress as Record<string, string | number>[];
  return rules.map((rule) => {
    assert.deepEqual([rule.IpProtocol, rule.ToPort], ['tcp', rule.FromPort]);
    return `${rule.CidrIp ?? rule.DestinationPrefixListId ?? rule.DestinationSecurityGroupId}:${rule.FromPort}`;
  });
}

describe('the workers of a deployment that is attached', () => {
  test('reach AWS wherever it answers, unless its endpoints are named', () => {
    assert.deepEqual(waysOut({}), ['0.0.0.0/0:443']);
  });

  test('reach nothing but these where they are, by one rule each', () => {
    assert.deepEqual(waysOut(endpoints), [
      'sg-eeeeeeeeeeeeeeee1:443',
      'sg-eeeeeeeeeeeeeeee2:443',
      'pl-0123456789abcdef0:443',
    ]);
  });

  test('are not deployed where they could not start', () => {
    const { s3PrefixListId, endpointSecurityGroupIds } = endpoints;
    assert.throws(
      () => attachedTo({ s3PrefixListId }),
      /s3PrefixListId is pl-0123456789abcdef0, endpointSecurityGroupIds is missing: .* name both, or neither/,
    );
    assert.throws(
      () => attachedTo({ endpointSecurityGroupIds }),
      /s3PrefixListId is missing, endpointSecurityGroupIds are sg-eeeeeeeeeeeeeeee1,.* name both, or neither/,
    );
    assert.throws(
      () => attachedTo({ s3PrefixListId, endpointSecurityGroupIds: [] }),
      /GroupIds are none: .* name both/,
    );
  });

  test('have no other rules than their groups where these are given', () => {
    assert.throws(
      () => attachedTo({ ...endpoints, workerSecurityGroupIds: ['sg-aaaaaaaaaaaaaaaaa'] }),
      /workerSecurityGroupIds sg-aaaaaaaaaaaaaaaaa have rules of their own, leave these two out/,
    );
  });
});

describe('the context of a deployment that is attached', () => {
  test('names wrong endpoints with what is meant and what stands there', async () => {
    const { stderr } = await run({ s3PrefixListId: 'com.amazonaws.s3', endpointSecurityGroupIds: 'vpce-1, sg-2' });
    for (const problem of [
      "s3PrefixListId must be the id of S3's prefix list, not com.amazonaws.s3",
      'endpointSecurityGroupIds must be comma-separated ids of security groups, such as sg-0123456789abcdef0, not vpce-1, sg-2',
    ]) {
      assert.ok(stderr.includes(problem), stderr);
    }
  });

  test('takes them from the settings of `make deploy` too', () => {
    const settings = { s3PrefixListId: 'pl-0', endpointSecurityGroupIds: 'sg-0' };
    const { context } = parseSettings(JSON.stringify(settings), { file: '/blue.json', dist: '/dist' });
    assert.deepEqual([context.s3PrefixListId, context.endpointSecurityGroupIds], ['pl-0', 'sg-0']);
  });

  test('is refused with one of the two alone', async () => {
    const { stderr } = await run({ endpointSecurityGroupIds: 'sg-0123456789abcdef0' });
    assert.match(stderr, /s3PrefixListId is missing, endpointSecurityGroupIds are sg-0123456789abcdef0: .* name both/);
  });
});
