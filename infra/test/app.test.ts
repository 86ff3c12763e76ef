import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { run } from './app.ts';
import { props } from './template.ts';

const { lambdaArtifact } = props();
const context = {
  vpcId: 'vpc-0123456789abcdef0',
  subnetIds: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
  databaseSubnetIds: 'subnet-0123456789abcdef2,subnet-0123456789abcdef3',
  securityGroupIds: 'sg-0123456789abcdef0',
  source: 'production',
  sourceSecretArn: 'arn:aws:secretsmanager:eu-west-3:111122223333:secret:production-AbCdEf',
  lambdaArtifact,
  workerImage: 'worker:1',
};

describe('the app', () => {
  test('writes a template that passes the check against the schemas of CloudFormation', async () => {
    const { status, stderr, out } = await run(context);
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stderr, /WARNING|ERROR/);
    assert.ok(existsSync(join(out, 'TenantRestore.template.json')));
  });

  test('needs no custom resource, parameter, lookup or container image', async () => {
    const { out } = await run(context, { CDK_VALIDATION: 'false' });
    const template = JSON.parse(readFileSync(join(out, 'TenantRestore.template.json'), 'utf8')) as {
      Resources: Record<string, { Type: string }>;
      Parameters?: unknown;
    };
    const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as { missing?: unknown };
    const assets = readFileSync(join(out, 'TenantRestore.assets.json'), 'utf8');
    assert.deepEqual(
      Object.values(template.Resources).filter(({ Type }) => /^Custom::|CustomResource/.test(Type)),
      [],
    );
    assert.equal(template.Parameters, undefined);
    assert.equal(manifest.missing, undefined);
    assert.deepEqual((JSON.parse(assets) as { dockerImages: unknown }).dockerImages, {});
  });

  test('names the stack after the deployment', async () => {
    const { out } = await run(
      { ...context, deployment: 'blue-restore', deploymentTag: 'blue' },
      { CDK_VALIDATION: 'false' },
    );
    assert.ok(existsSync(join(out, 'BlueRestore.template.json')));
  });

  test('names every problem of its context at once', async () => {
    const { status, stderr } = await run({
      ...context,
      source: '',
      deploymentTag: 'Main',
      removal: 'never',
      pace: '[1]',
      admission: '3',
      prices: 'cheap',
      workerMemoryMiB: '9000',
      topicArn: 'arn:aws:sns:eu-west-3:111122223333:outcomes.fifo',
      requesters: { 'shop.app': [{ schema: ['a'] }] },
    });
    assert.notEqual(status, 0);
    for (const problem of [
      'source is missing',
      'deploymentTag must be',
      'removal must be',
      'pace must be a JSON object',
      'admission must be a JSON object',
      'prices must be a JSON object',
      'workerCpu, workerMemoryMiB: 9000 MiB: with 1024 CPU units Fargate has 2048, 3072, 4096, 5120, 6144, 7168, 8192',
      'topicArn must be the ARN of a standard topic, not arn:aws:sns:eu-west-3:111122223333:outcomes.fifo',
      'requesters: shop.app has a grant that limits schema; only sources, targets, databases, schemas can be limited',
    ]) {
      assert.ok(stderr.includes(problem), problem);
    }
  });

  test('takes no key of a topic that it is not given', async () => {
    const topicKeyArn = 'arn:aws:kms:eu-west-3:111122223333:key/0f0f0f0f-0000-4000-8000-000000000000';
    const { status, stderr } = await run({ ...context, topicKeyArn });
    assert.notEqual(status, 0);
    assert.ok(stderr.includes('topicKeyArn is the key of topicArn, which is missing'));
  });
});
