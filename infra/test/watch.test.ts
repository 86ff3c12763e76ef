import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import { demonstrate } from './demonstration.ts';
import { type Resource, resolve, resources, synthesize } from './template.ts';
import { VARIANTS } from './variants.ts';

const template = synthesize();
const onlyOf = (from: Template, type: string) => {
  const found = Object.values(resources(from, type));
  assert.equal(found.length, 1, type);
  return resolve(from, found[0]?.Properties) as Record<string, unknown>;
};
const only = (type: string) => onlyOf(template, type);

interface Widget {
  readonly type: string;
  readonly properties: { readonly metrics?: unknown[][]; readonly alarms?: string[]; readonly query?: string };
}
const dashboard = only('AWS::CloudWatch::Dashboard');
const widgetsOf = (from: Template) => {
  const body = String(onlyOf(from, 'AWS::CloudWatch::Dashboard').DashboardBody);
  return (JSON.parse(body) as { widgets: Widget[] }).widgets;
};
const widgets = widgetsOf(template);
/** Metrics of ours: name and dimensions, as a widget has them. */
const OURS = 'TenantRestore';
const shown = widgets.flatMap(({ properties }) => properties.metrics ?? []).filter(([namespace]) => namespace === OURS);
const logs = Object.values(resources(template, 'AWS::Logs::LogGroup')).map(({ Properties }) =>
  String(Properties.LogGroupName),
);
const trouble = widgets.flatMap(({ properties }) => properties.query ?? []);

/** All that the handlers say in their code, without their tests. */
const HANDLERS = join(import.meta.dirname, '..', '..', 'handlers', 'lambda', 'src');
const handlersCode = readdirSync(HANDLERS)
  .filter((file) => file.endsWith('.rs'))
  .map((file) => readFileSync(join(HANDLERS, file), 'utf8').split('#[cfg(test)]')[0])
  .join('\n');

describe('the dashboard', () => {
  test('is named after the deployment', () => {
    assert.equal(dashboard.DashboardName, 'tenant-restore');
  });

  test('shows outcomes, phases, ticks, letters, leftovers and their cost, and what restores cost', () => {
    assert.deepEqual(
      new Set(shown.map(([, name]) => name)),
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

  test('shows what lies in each queue of undelivered events', () => {
    const queues = Object.values(resources(template, 'AWS::SQS::Queue')).map(({ Properties }) => Properties.QueueName);
    const undelivered = queues.filter((name) => String(name).startsWith('tenant-restore-undelivered-'));
    const lie = widgets
      .flatMap(({ properties }) => properties.metrics ?? [])
      .filter(([, name]) => name === 'ApproximateNumberOfMessagesVisible')
      .map(([, , , queue]) => queue);
    assert.ok(undelivered.length > 5);
    assert.deepEqual(lie.sort(), [...undelivered, 'tenant-restore-dead'].sort());
  });

  test('shows every alarm of the deployment', () => {
    for (const from of [template, synthesize(VARIANTS['with everything attached']), demonstrate('SingleAz')]) {
      const made = Object.values(resources(from, 'AWS::CloudWatch::Alarm')).map(
        ({ Properties }) => Properties.AlarmName,
      );
      // An ARN is resolved to what it refers to and its name.
      const alarms = widgetsOf(from).flatMap(({ properties }) => properties.alarms ?? []);
      assert.ok(made.length >= 26);
      assert.deepEqual(alarms.map((arn) => arn.split(':')[1]).sort(), made.sort());
    }
  });
});

describe('a metric of ours that is shown or alarms', () => {
  const alarms = Object.values(resources(template, 'AWS::CloudWatch::Alarm'));
  const watched = [
    ...shown.map(([, name, ...dimensions]) => [String(name), keysOf(dimensions)] as const),
    ...alarms.filter(({ Properties }) => Properties.Namespace === OURS).map(dimensionsOf),
  ];
  const by = (...keys: string[]) =>
    new Set(watched.filter(([, its]) => its.join() === keys.join()).map(([name]) => name));

  test('is one that the handlers count', () => {
    assert.ok(watched.length > 10);
    for (const [name] of watched) assert.ok(handlersCode.includes(`"${name}"`), name);
  });

  test('is told apart by what the handlers tell it apart by, or CloudWatch would have no value of it', () => {
    assert.match(handlersCode, /By::Deployment => json!\(\["deployment"\]\)/);
    assert.match(handlersCode, /By::Phase => json!\(\["deployment", "phase"\]\)/);
    const ofPhases = [...handlersCode.matchAll(/By::Phase,\s*("?\w+"?)/g)].map(([, name]) => name);
    assert.deepEqual(new Set(ofPhases), new Set([...by('deployment', 'phase')].map((name) => `"${name}"`)));
    assert.equal(by('deployment').size + by('deployment', 'phase').size, new Set(watched.map(([name]) => name)).size);
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
  const filter = / @message like \/(.*)\/$/m.exec(String(trouble[0]))?.[1] ?? 'nothing';

  test('shows what Lambda and Rust say of a program that ended too early', () => {
    for (const line of [
      '2026-03-04T10:00:00.000Z 8f507cfc-0000-4000-8000-000000000000 Task timed out after 60.00 seconds',
      'RequestId: 8f507cfc-0000-4000-8000-000000000000 Error: Runtime exited with error: signal: killed',
      'Runtime.ExitError',
      'REPORT RequestId: 8f507cfc Duration: 60000.00 ms Memory Size: 256 MB Max Memory Used: 256 MB Status: timeout',
      'INIT_REPORT Init Duration: 9000.00 ms Phase: init Status: error Error Type: Runtime.OutOfMemory',
      "thread 'main' panicked at src/main.rs:1:1:",
    ]) {
      assert.match(line, new RegExp(filter), line);
    }
  });

  test('shows nothing of an invocation that went well', () => {
    for (const line of [
      'INIT_START Runtime Version: provided:al2023.v80 Runtime Version ARN: arn:aws:lambda:eu-west-3::runtime:0f',
      'START RequestId: 8f507cfc-0000-4000-8000-000000000000 Version: $LATEST',
      'END RequestId: 8f507cfc-0000-4000-8000-000000000000',
      'REPORT RequestId: 8f507cfc Duration: 12.00 ms Billed Duration: 13 ms Memory Size: 256 MB Max Memory Used: 30 MB',
      '{"level":"INFO","message":"woken","phase":"ddl"}',
    ]) {
      assert.doesNotMatch(line, new RegExp(filter), line);
    }
  });

  test('reads lines of text: in the JSON format Lambda says the same in fields', () => {
    for (const { Properties } of Object.values(resources(template, 'AWS::Lambda::Function'))) {
      const { LogFormat } = Properties.LoggingConfig as { LogFormat?: string };
      assert.ok(LogFormat === undefined || LogFormat === 'Text', String(Properties.FunctionName));
    }
  });

  test('is looked for in the logs of all functions and of the worker', () => {
    const [query, ...others] = trouble;
    assert.deepEqual(others, []);
    const sources = [...(query ?? '').matchAll(/SOURCE '([^']+)'/g)].map(([, source]) => String(source));
    assert.deepEqual(sources.sort(), logs.sort());
  });
});

/** The names of dimensions, which stand in a widget's metric before their values and its options. */
function keysOf(dimensions: readonly unknown[]): string[] {
  return dimensions
    .filter((part, index) => index % 2 === 0 && typeof part === 'string')
    .map(String)
    .sort();
}

function dimensionsOf({ Properties }: Resource): readonly [string, string[]] {
  const dimensions = Properties.Dimensions as { Name: string }[];
  return [String(Properties.MetricName), dimensions.map(({ Name }) => Name).sort()];
}

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
