import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FUNCTIONS, list, statementsOf } from './roles.ts';
import { ACCOUNT, REGION } from './template.ts';

describe('what restores make and delete', () => {
  test('what changes or deletes a database, a secret or a replication resource is bound to our temporary names', () => {
    const changing =
      /^(rds:(Modify|Delete|AddTags)|secretsmanager:(Create|Put|Delete|Tag)|dms:(Delete|Stop|Start|AddTags))/;
    const ours =
      /^arn:aws:(rds|dms|secretsmanager):eu-west-3:111122223333:(db|cluster|pg|cluster-pg|rep|endpoint|task|secret):tr-main-\*$/;
    let seen = 0;
    for (const statement of FUNCTIONS.flatMap((name) => statementsOf(name))) {
      if (!list(statement.Action).some((action) => changing.test(action))) continue;
      // Tags at a creation: the next test.
      if (statement.Action === 'dms:AddTagsToResource') continue;
      for (const arn of list(statement.Resource)) assert.match(arn, ours);
      seen += 1;
    }
    assert.ok(seen >= 9);
  });

  test('what DMS creates must be tagged as ours', () => {
    const creating = statementsOf('migrate').filter((s) => list(s.Action).some((a) => a.startsWith('dms:Create')));
    assert.equal(creating.length, 2);
    for (const statement of creating) {
      assert.deepEqual(statement.Condition, {
        StringEquals: { 'aws:RequestTag/tenant-restore:deployment': 'tenant-restore' },
      });
    }
  });

  test('what DMS creates may be tagged also where it has no name yet, as ours alone, and nothing but tagged', () => {
    const dms = (kind: string) => `arn:aws:dms:${REGION}:${ACCOUNT}:${kind}:*`;
    const tagging = FUNCTIONS.flatMap((name) => statementsOf(name)).filter(({ Resource }) =>
      list(Resource).some((arn) => /:dms:.*:\*$/.test(arn)),
    );
    assert.deepEqual(tagging, [
      {
        Effect: 'Allow',
        Action: 'dms:AddTagsToResource',
        Resource: [dms('rep'), dms('endpoint'), dms('task')],
        Condition: { StringEquals: { 'aws:RequestTag/tenant-restore:deployment': 'tenant-restore' } },
      },
    ]);
    const [byName] = statementsOf('migrate').filter(({ Action }) => list(Action).includes('dms:AddTagsToResource'));
    assert.deepEqual(
      list(byName?.Resource ?? []),
      [dms('rep'), dms('endpoint'), dms('task')].map((arn) => arn.replace('*', 'tr-main-*')),
    );
  });

  test('what RDS creates must be tagged as ours and bears our names', () => {
    const creating = statementsOf('provision').filter((s) => list(s.Action).some((a) => a.startsWith('rds:Create')));
    assert.equal(creating.length, 3);
    for (const statement of creating) {
      assert.deepEqual(statement.Condition, {
        StringEquals: { 'aws:RequestTag/tenant-restore:deployment': 'tenant-restore' },
      });
      for (const arn of list(statement.Resource)) assert.match(arn, /:tr-main-\*$/);
    }
  });

  test('a restore is made under our names, from the default source or one that opted in', () => {
    const rds = (name: string) => `arn:aws:rds:${REGION}:${ACCOUNT}:${name}`;
    const restoring = (action: string) =>
      statementsOf('provision').filter((s) => list(s.Action).includes(`rds:${action}`));
    const instance = [
      [rds('db:tr-main-*'), rds('subgrp:tenant-restore'), rds('pg:*'), rds('og:*')],
      [rds('db:production'), rds('snapshot:*')],
      [rds('db:*'), rds('auto-backup:*')],
    ];
    const cluster = [
      [rds('cluster:tr-main-*'), rds('subgrp:tenant-restore'), rds('cluster-pg:tr-main-*')],
      [rds('cluster:production'), rds('cluster-snapshot:*')],
      [rds('cluster:*'), rds('cluster-auto-backup:*')],
    ];
    for (const [action, resources] of [
      ['RestoreDBInstanceToPointInTime', instance],
      ['RestoreDBInstanceFromDBSnapshot', instance],
      ['RestoreDBClusterToPointInTime', cluster],
      ['RestoreDBClusterFromSnapshot', cluster],
    ] as const) {
      const statements = restoring(action);
      assert.deepEqual(
        statements.map((s) => list(s.Resource)),
        resources,
      );
      assert.deepEqual(statements[2]?.Condition, { Null: { 'aws:ResourceTag/tenant-restore:secret': 'false' } });
    }
  });
});
