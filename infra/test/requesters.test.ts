import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readRequesters } from '../lib/requesters.ts';

const read = (requesters: unknown) => readRequesters(JSON.stringify(requesters));

describe('who may request what', () => {
  test('is read as it is written', () => {
    const requesters = { 'shop.app': [{ sources: ['production'], databases: ['shop_*'], schemas: ['a'] }], '*': [{}] };
    assert.deepEqual(read(requesters), requesters);
  });

  test('is refused whenever it could be misread', () => {
    for (const [requesters, problem] of [
      [[], 'must be a JSON object of grants'],
      [{ app: {} }, 'app must be a list of grants'],
      [{ app: ['production'] }, 'is no JSON object'],
      [{ app: [{ target: ['a'] }] }, 'limits target; only'],
      [{ app: [{ databases: 'shop' }] }, 'something else than a list of names in databases'],
      [{ app: [{ databases: [''] }] }, 'something else than a list of names in databases'],
    ] as const) {
      assert.throws(
        () => read(requesters),
        (error: Error) => error.message.includes(problem),
        problem,
      );
    }
    assert.throws(() => readRequesters('{'), SyntaxError);
  });
});
