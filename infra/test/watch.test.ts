import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { resolve, resources, synthesize } from './template.ts';

const template = synthesize();
const only = (type: string) => {
  const found = Object.values(resources(template, type));
  assert.equal(found.length, 1, type);
  return resolve(template, found[0]?.Properties) as Record<string, unknown>;
};

interface Widget {
  readonly type: string;
  readonly properties: { readonly metrics?: unknown[][]; readonly alarms?: string[]; readonly query?: string };
}
const dashboard = only('AWS::CloudWatch::Dashboard');
const { widgets } = JSON.parse(String(dashboard.DashboardBody)) as { widgets: Widget[] };
const logs = Object.values(resources(template, 'AWS::Logs::LogGroup')).map(({ Properties }) =>
  String(Properties.LogGroupName),
);
const trouble = widgets.flatMap(({ properties }) => properties.query ?? []);

/** All that the handlers say in their code. */
const HANDLERS = join(import.meta.dirname, '..', '..', 'handlers', 'lambda', 'src');
const handlersCode = readdirSync(HANDLERS)
  .filter((file) => file.endsWith('.rs'))
  .map((file) => readFileSync(join(HANDLERS, file), 'utf8'))
  .join('\n');

describe('the dashboard', () => {
  test('is named after the deployment', () => {
    assert.equal(dashboard.DashboardName, 'tenant-restore');
  });

  test('shows outcomes, phases, ticks, letters, leftovers and their cost, and what restores cost', () => {
    const metrics = widgets.flatMap(({ properties }) => properties.metrics ?? []);
    const shown = new Set(metrics.filter(([namespace]) => namespace === 'TenantRestore').map(([, name]) => name));
    assert.deepEqual(
      shown,
      new Set([
        'RestoresCompleted',
        'RestoresFailed',
        'RestoresRejected',
        'PhaseSeconds',
        'MovedByTicks',
        'DeadLetters',
        'MessagesOfNobody',
        'StuckRestores',
        'Orphans',
        'OrphansUsdPerHour',
        'SpentUsd',
      ]),
    );
  });

  test('shows and alarms on nothing of ours that the handlers do not count', () => {
    const alarms = Object.values(resources(template, 'AWS::CloudWatch::Alarm'));
    const watched = alarms.filter(({ Properties }) => Properties.Namespace === 'TenantRestore');
    const metrics = widgets.flatMap(({ properties }) => properties.metrics ?? []);
    const shown = metrics.filter(([namespace]) => namespace === 'TenantRestore').map(([, name]) => name);
    const names = [...shown, ...watched.map(({ Properties }) => Properties.MetricName)].map(String);
    assert.ok(names.length > 10);
    for (const name of names) assert.ok(handlersCode.includes(`"${name}"`), name);
  });

  test('shows the alarms on restores, and that on the sweeper', () => {
    const alarms = widgets.flatMap(({ properties }) => properties.alarms ?? []).map((arn) => arn.split('.')[0]);
    assert.equal(alarms.length, 4);
  });
});

describe("a restore's story", () => {
  const query = only('AWS::Logs::QueryDefinition');

  test('is told by the logs of all functions and of the worker', () => {
    assert.equal(logs.length, 9);
    assert.ok(logs.includes('/ecs/tenant-restore-worker'));
    assert.deepEqual((query.LogGroupNames as string[]).toSorted(), logs.sort());
  });

  test('is asked for by its id, and told in the order of time', () => {
    assert.match(String(query.QueryString), /filter @message like 'RESTORE_ID'/);
    assert.match(String(query.QueryString), /sort @timestamp asc/);
    assert.match(String(query.QueryString), /^# .*annotation\.restore = "RESTORE_ID"\n/);
  });
});

describe('trouble', () => {
  test('is looked for in the logs of all functions and of the worker', () => {
    const [query, ...others] = trouble;
    assert.deepEqual(others, []);
    const sources = [...(query ?? '').matchAll(/SOURCE '([^']+)'/g)].map(([, source]) => String(source));
    assert.deepEqual(sources.sort(), logs.sort());
  });
});

describe('a query of the logs', () => {
  const queries = [String(only('AWS::Logs::QueryDefinition').QueryString), ...trouble];
  /** What a query shows: fields and functions of fields, some of them renamed. */
  const shown = (query: string) => /fields (.*)/.exec(query)?.[1] ?? '';

  test('reads lines as handlers and worker write them: the fields of an event beside its message', () => {
    for (const program of ['lambda', 'worker']) {
      const code = readFileSync(join(HANDLERS, '..', '..', program, 'src', 'main.rs'), 'utf8');
      assert.match(code, /\.json\(\)[^;]*\.flatten_event\(true\)/, program);
    }
    assert.equal(queries.length, 2);
    for (const query of queries) assert.doesNotMatch(query, /fields\./);
  });

  test('renames nothing to a field that it reads: which of the two would be meant?', () => {
    for (const query of queries) {
      const names = [...shown(query).matchAll(/ as (\w+)/g)].map(([, name]) => name);
      const read: string[] =
        shown(query)
          .replaceAll(/ as \w+/g, '')
          .match(/[\w.@]+/g) ?? [];
      assert.ok(names.length > 0 && read.includes('message'));
      for (const name of names) assert.ok(!read.includes(String(name)), name);
    }
  });
});
