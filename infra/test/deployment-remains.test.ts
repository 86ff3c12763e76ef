import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Refusal } from '../deployment/aws.ts';
import { type Deployed, deployedStack } from '../deployment/deployed.ts';
import { obstacles, type Remains, remainsOf } from '../deployment/remains.ts';
import { parseSettings } from '../deployment/settings.ts';
import type { DatabaseKind } from '../lib/demonstration/kind.ts';
import { demonstrate } from './demonstration.ts';
import { named, synthesize } from './template.ts';

const BUCKET = 'blue-111122223333-eu-west-3';
const EMPTY: Remains = {
  sweep: { unfinished: 0, inUse: 0, orphans: [] },
  waiting: {},
  letters: 0,
  files: false,
  protectedDatabases: [],
};
const DEPLOYED: Deployed = { deployment: 'blue', bucket: BUCKET, keepsData: true, databases: [], isPartial: false };
const of = (remains: Partial<Remains>, keepsData = true) =>
  obstacles({ ...EMPTY, ...remains }, { ...DEPLOYED, keepsData });
const sweep = (found: Partial<Remains['sweep']>) => ({ sweep: { ...EMPTY.sweep, ...found } });

describe('who tells what is live', () => {
  const look = (isPartial: boolean) => {
    const aws = (service: string) =>
      Promise.reject(
        new Refusal(
          service === 'sqs' ? 'QueueDoesNotExist' : service === 's3api' ? 'NoSuchBucket' : 'ResourceNotFoundException',
          service,
        ),
      );
    const place = { account: '111122223333', region: 'eu-west-3', aws };
    return remainsOf({ ...DEPLOYED, isPartial }, place);
  };

  test('may be missing from a stack that is half gone, and from no other', async () => {
    assert.deepEqual((await look(true)).sweep, EMPTY.sweep);
    await assert.rejects(look(false), /lambda/);
  });
});

describe('a sweep that is asked what is live', () => {
  test('is waited for as long as its function may take', async () => {
    const calls: string[][] = [];
    const aws = (...call: string[]) => {
      calls.push(call);
      return Promise.reject(new Refusal('ResourceNotFoundException', 'asked'));
    };
    const place = { account: '111122223333', region: 'eu-west-3', aws };
    await assert.rejects(remainsOf(DEPLOYED, place));
    const asked = calls.find(([service]) => service === 'lambda') ?? [];
    const waits = Number(asked[asked.indexOf('--cli-read-timeout') + 1]);
    const sweeper = named(synthesize(), 'AWS::Lambda::Function', 'FunctionName', 'tenant-restore-sweeper');
    assert.ok(waits > Number(sweeper.Properties.Timeout), `${waits} of ${String(sweeper.Properties.Timeout)} seconds`);
  });
});

describe('a deployment is removed', () => {
  test('when nothing of it would be lost or left behind', () => {
    assert.deepEqual(of({}), []);
  });

  test('never while a restore is live', () => {
    assert.match(
      of(sweep({ unfinished: 1 })).join(),
      /^1 restore or plan is live, with 0 temporary resources: wait, or/,
    );
    assert.match(
      of(sweep({ unfinished: 2, inUse: 3 })).join(),
      /^2 restores or plans are live, with 3 temporary resources/,
    );
    assert.equal(of(sweep({ inUse: 1 })).length, 1);
  });

  test('never while it has temporary resources that nobody else would delete', () => {
    const orphans = [{ kind: 'database', name: 'tr-main-abcdefghijkl' }];
    assert.match(of(sweep({ orphans })).join(), /nobody would delete database tr-main-abcdefghijkl/);
  });

  test('not while requests or dead letters wait', () => {
    assert.match(of({ waiting: { 'blue-intake': 1 } }).join(), /1 messages wait in blue-intake/);
    assert.match(
      of({ letters: 2 }).join(),
      /2 dead letters would be lost: `tenant-restore --deployment blue dlq list`/,
    );
  });

  test('together with its reports only when somebody has taken these away', () => {
    assert.deepEqual(of({ files: true }), []);
    assert.match(of({ files: true }, false).join(), new RegExp(`aws s3 rm --recursive s3://${BUCKET}`));
  });

  test('with its database only when that may be deleted: else all but the database would be gone when it fails', async () => {
    for (const [selected, kind] of [
      ['SingleAz', 'instance'],
      ['AuroraServerless', 'cluster'],
    ] as const) {
      const [told, ...more] = await stands(selected, kind, true);
      assert.deepEqual(more, []);
      const command = `aws rds modify-db-${kind} --db-${kind}-identifier blue-production --no-deletion-protection`;
      assert.ok(told?.endsWith(`: \`${command}\``), told);
      assert.deepEqual(await stands(selected, kind, false), []);
    }
  });

  test('or is told of all that stands against it at once', () => {
    assert.equal(
      of({ ...sweep({ unfinished: 1 }), waiting: { 'blue-intake': 1, 'blue-dlq': 0 }, letters: 1, files: true }, false)
        .length,
      4,
    );
  });
});

/** What stands against removing an idle demonstration whose database is protected or not. */
async function stands(selectedDatabase: DatabaseKind, kind: string, DeletionProtection: boolean): Promise<string[]> {
  const state = [{ DeletionProtection }];
  const template = demonstrate(selectedDatabase, { deployment: 'blue' }).toJSON();
  const answers: Record<string, unknown> = {
    'cloudformation get-template': { TemplateBody: template },
    'lambda invoke': {},
    'sqs get-queue-url': new Refusal('QueueDoesNotExist', 'sqs'),
    's3api list-objects-v2': {},
    [`rds describe-db-${kind}s`]: kind === 'cluster' ? { DBClusters: state } : { DBInstances: state },
  };
  const aws = (service: string, operation: string, ...options: string[]) => {
    const answer = answers[`${service} ${operation}`];
    assert.ok(answer !== undefined, `unexpected call: ${service} ${operation}`);
    if (operation === 'invoke') writeFileSync(options.at(-1) ?? '', JSON.stringify(EMPTY.sweep));
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const place = { account: '111122223333', region: 'eu-west-3', aws };
  const text = JSON.stringify({ selectedDatabase, deployment: 'blue' });
  const settings = parseSettings(text, { file: '/blue.json', dist: '/dist' });
  const deployed = await deployedStack(settings, 'CREATE_COMPLETE', place);
  return obstacles(await remainsOf(deployed, place), deployed);
}
