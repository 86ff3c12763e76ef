import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { attached, ACCOUNT, REGION, problems, refused } from './account.ts';

describe('the image of the worker', () => {
  const ecr = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/worker`;

  test('is looked up in the registry of account and region', async () => {
    const call = `ecr describe-images --registry-id ${ACCOUNT} --repository-name worker --image-ids imageTag=1`;
    const image = { ...attached, workerImage: `${ecr}:1` };
    assert.deepEqual(await problems({ [call]: {} }, image), []);
    const found = await problems({ [call]: refused('ImageNotFoundException') }, image);
    assert.deepEqual(found, [`workerImage: there is no ${ecr}:1: push it first`]);
  });

  test('that was never built is told with what builds it', async () => {
    assert.deepEqual(await problems({}, { ...attached, workerImage: '' }), [
      'workerImage: there is no /dist/image/Dockerfile: run `make build`',
    ]);
  });
});
