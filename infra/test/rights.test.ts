import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compare, outdated, rightsIn } from '../rights/compare.ts';

const reasons = [{ actions: ['logs:PutLogEvents'], why: 'Lambda does it' }];
const granted = { ddl: ['sqs:SendMessage a', 'sqs:SendMessage b', 'rds:ModifyDBInstance db', 'logs:PutLogEvents log'] };

describe('the rights of a role', () => {
  test('are each action on each resource that a statement allows', () => {
    const statements = [
      { Effect: 'Allow', Action: ['a', 'b'], Resource: ['x', 'y'] },
      { Effect: 'Deny', Action: 'c', Resource: '*' },
    ];
    assert.deepEqual(rightsIn(statements), ['a x', 'a y', 'b x', 'b y']);
  });

  test('that no call used are superfluous, unless there is a reason why it cannot be seen', () => {
    const [ddl] = compare(granted, { ddl: ['sqs:SendMessage a'] }, reasons);
    assert.ok(ddl);
    assert.deepEqual(ddl.superfluous, ['rds:ModifyDBInstance']);
    assert.deepEqual([...ddl.unseen.keys()], ['logs:PutLogEvents']);
    assert.deepEqual(ddl.unusedPatterns, ['sqs:SendMessage b']);
  });

  test('of a role that called nothing are all superfluous', () => {
    assert.deepEqual(compare(granted, {}, [])[0]?.superfluous.length, 3);
  });

  test('that nobody has need no reason', () => {
    assert.deepEqual(outdated(granted, reasons), []);
    assert.deepEqual(outdated({ ddl: ['sqs:SendMessage a'] }, reasons), reasons);
  });
});
