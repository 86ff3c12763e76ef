import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { awsCli, refusal } from '../deployment/aws.ts';

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

describe('an invocation by the AWS CLI', () => {
  test('is asked once, whatever becomes of the answer', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'aws-'));
    const path = process.env.PATH;
    t.after(() => {
      process.env.PATH = path;
      rmSync(folder, { recursive: true });
    });
    writeFileSync(join(folder, 'aws'), '#!/bin/sh\necho "{\\"attempts\\": \\"$AWS_MAX_ATTEMPTS\\"}"\n', {
      mode: 0o755,
    });
    process.env.PATH = `${folder}:${path ?? ''}`;
    assert.deepEqual(await awsCli('eu-west-3')('lambda', 'invoke'), { attempts: '1' });
    assert.deepEqual(await awsCli('eu-west-3')('sqs', 'get-queue-url'), {
      attempts: process.env.AWS_MAX_ATTEMPTS ?? '',
    });
  });
});
