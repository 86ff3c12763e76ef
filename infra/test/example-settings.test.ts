import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseSettings } from '../deployment/settings.ts';
import { run } from './app.ts';
import { sampleArtifact } from './demonstration.ts';
import { props } from './template.ts';

const { lambdaArtifact } = props();

describe('the example settings', () => {
  for (const name of ['attached', 'demonstration']) {
    test(`${name}.json make a template, with the artifacts that are built`, async () => {
      const file = join(import.meta.dirname, '..', 'examples', `${name}.json`);
      const { context, stackName } = parseSettings(readFileSync(file, 'utf8'), { file, dist: '/dist' });
      assert.equal(context.lambdaArtifact, '/dist/lambda');
      const built = { lambdaArtifact, workerImage: 'worker:1' };
      const artifacts = 'sampleArtifact' in context ? { ...built, sampleArtifact: sampleArtifact() } : built;
      const { status, stderr, out } = await run({ ...context, ...artifacts }, { CDK_VALIDATION: 'false' });
      assert.equal(status, 0, stderr);
      assert.ok(existsSync(join(out, `${stackName}.template.json`)));
    });
  }
});
