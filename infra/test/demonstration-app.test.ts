import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { KINDS } from '../lib/demonstration/kind.ts';
import { run } from './app.ts';
import { sampleArtifact } from './demonstration.ts';
import { props } from './template.ts';

const { lambdaArtifact } = props();
const context = { selectedDatabase: 'SingleAz', lambdaArtifact, workerImage: 'worker:1' };
const withSamples = { ...context, sampleArtifact: sampleArtifact() };

describe('the app with selectedDatabase', { concurrency: 2 }, () => {
  for (const selectedDatabase of KINDS) {
    for (const [name, values] of [
      ['with sample tenants', withSamples],
      ['without sample tenants', { ...context, samples: 'false' }],
    ] as const) {
      test(`writes the demonstration of ${selectedDatabase} ${name}, without error or warning`, async (t) => {
        // The template without samples is a part of the other, so the CDK's own check is spent on that alone.
        const check: Record<string, string> = 'sampleArtifact' in values ? {} : { CDK_VALIDATION: 'false' };
        const { status, stderr, out, seconds } = await run({ ...values, selectedDatabase }, check);
        assert.equal(status, 0, stderr);
        assert.equal(stderr, '');
        assert.ok(existsSync(join(out, 'DatabaseLevelRestoreStack.template.json')));
        t.diagnostic(`synthesis of ${selectedDatabase} ${name}: ${seconds.toFixed(1)} s`);
      });
    }
  }

  test('names a value that is no kind, and those that are', async () => {
    const { status, stderr } = await run({ ...withSamples, selectedDatabase: 'MultiAZ' });
    assert.notEqual(status, 0);
    assert.match(
      stderr,
      /selectedDatabase must be SingleAz, MultiAz, AuroraProvisioned or AuroraServerless, not MultiAZ/,
    );
  });

  test('refuses what only a pipeline attached to another database has', async () => {
    const attached = {
      vpcId: 'vpc-0123456789abcdef0',
      source: 'production',
      endpointSecurityGroupIds: 'sg-0123456789abcdef0',
    };
    const { status, stderr } = await run({ ...withSamples, ...attached });
    assert.notEqual(status, 0);
    for (const key of Object.keys(attached)) assert.match(stderr, new RegExp(`${key} has no meaning beside`));
  });

  test('names every problem of its context at once', async () => {
    const { stderr } = await run({ ...context, workerImage: '', dmsRoles: 'make', s3PrefixListId: 'com.amazonaws.s3' });
    for (const problem of [
      'workerImage is missing',
      'sampleArtifact is missing; with samples=false there are no sample tenants',
      'dmsRoles must be existing or create, not make',
      "s3PrefixListId must be the id of S3's prefix list, not com.amazonaws.s3",
    ]) {
      assert.ok(stderr.includes(problem), problem);
    }
  });

  test('names the stack after a deployment that is not the default', async () => {
    const { out } = await run({ ...withSamples, deployment: 'blue-restore' }, { CDK_VALIDATION: 'false' });
    assert.ok(existsSync(join(out, 'BlueRestoreDemonstration.template.json')));
  });
});
