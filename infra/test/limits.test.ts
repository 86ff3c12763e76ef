import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { TenantRestoreStack, type TenantRestoreStackProps } from '../lib/stack.ts';
import { named, props, resolve, synthesize } from './template.ts';

const LAMBDA_TAKES = 4096;
const list = join(import.meta.dirname, '../../handlers/core/src/price/us_east_1.json');
const prices = JSON.stringify(JSON.parse(readFileSync(list, 'utf8')));
/** Requesters of about as many bytes in a variable. */
const requestersOf = (bytes: number) => ({ ['r'.repeat(bytes - 13)]: [{}] });

function problemOf(changes: Partial<TenantRestoreStackProps>): string {
  try {
    synthesize(changes);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe("a function's environment", () => {
  test('holds a list of prices and some requesters, whatever the deployment is called and wherever it is', () => {
    const changes = { prices, deployment: 'd'.repeat(32), requesters: requestersOf(100) };
    assert.equal(problemOf(changes), '');
    // Neither account nor region are known.
    new TenantRestoreStack(new App(), props(changes));
  });

  test('is refused when it is too large for Lambda, with what each setting takes and how to shorten them', () => {
    const changes = { prices, requesters: requestersOf(2000), pace: '{"slowFirst":60}', admission: '{"overall":3}' };
    const [, total, rest] =
      /^the functions' environment would have up to (\d+) bytes, .*, all else (\d+)\. Shorten/.exec(
        problemOf({ ...changes, databases: '{"writer":{}}' }),
      ) ?? [];
    assert.ok(Number(total) > LAMBDA_TAKES);
    assert.match(
      problemOf({ ...changes, databases: '{"writer":{}}' }),
      /Lambda takes 4096: pace 20, admission 17, databases 17, prices 1406, requesters 200\d, all else/,
    );
    assert.equal(Number(total) - Number(rest), 20 + 17 + 17 + 1406 + 2000);
  });

  test('is measured with no less than what it has', () => {
    const template = synthesize();
    const { Environment } = named(
      template,
      'AWS::Lambda::Function',
      'FunctionName',
      'tenant-restore-intake',
    ).Properties;
    const { Variables } = resolve(template, Environment) as { Variables: Record<string, string> };
    for (const [name, value] of Object.entries(Variables)) {
      if (name.startsWith('QUEUE_URL_')) {
        Variables[name] = `https://sqs.eu-west-3.amazonaws.com/111122223333/${value}`;
      }
    }
    const has = JSON.stringify(Variables).length;
    const rest = Number(/all else (\d+)/.exec(problemOf({ requesters: requestersOf(4096) }))?.[1]);
    assert.ok(rest > has, `${rest} of ${has}`);
    assert.ok(rest < 1.3 * has, `${rest} of ${has}`);
  });
});

describe("a bus's policy", () => {
  const publishers = (count: number, as?: string) =>
    Array.from({ length: count }, (_, index) => ({
      id: `Publisher${index}`,
      principalArn: `arn:aws:iam::444455556666:role/publisher-${index}`,
      ...(as !== undefined && { eventSources: [as] }),
    }));

  test('holds ten publishers that have event sources of their own, and nineteen that have none', () => {
    assert.equal(problemOf({ publishers: publishers(10, 'support.desk') }), '');
    assert.equal(problemOf({ publishers: publishers(19) }), '');
  });

  test('is refused when it is too large for EventBridge, with what the publishers take and how to do with fewer', () => {
    assert.match(
      problemOf({ publishers: publishers(11, 'support.desk') }),
      /the bus's policy would have up to 1\d{4} bytes, and EventBridge takes 10240: the statements of 11 publishers \d{4}, all else \d{4}\. Name fewer/,
    );
  });

  test('counts those that the app adds', () => {
    const app = new App();
    const { pipeline } = new TenantRestoreStack(app, props());
    for (const { id, principalArn } of publishers(25)) pipeline.bus.addPublisher(id, principalArn);
    assert.throws(() => app.synth(), /the statements of 25 publishers/);
  });
});
