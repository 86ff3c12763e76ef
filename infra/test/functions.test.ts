import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PHASES } from '../lib/names.ts';
import { named, nameOf, resolve, resources, synthesize } from './template.ts';

const FUNCTIONS = [...PHASES, 'sweeper'];

const template = synthesize({ pace: '{"tick":5}', admission: '{"overall":5}', prices: '{"name":"here"}' });
const configuration = (phase: string) =>
  named(template, 'AWS::Lambda::Function', 'FunctionName', `tenant-restore-${phase}`).Properties;
const environment = (phase: string) =>
  (resolve(template, configuration(phase).Environment) as { Variables: Record<string, string> }).Variables;

const mappings = Object.values(resources(template, 'AWS::Lambda::EventSourceMapping')).map((mapping) => ({
  BatchSize: mapping.Properties.BatchSize,
  FunctionResponseTypes: mapping.Properties.FunctionResponseTypes,
  queue: String(resolve(template, mapping.Properties.EventSourceArn)).split(':').at(-1),
  function: resolve(template, mapping.Properties.FunctionName) as string,
}));

describe('functions', () => {
  test('there is one a phase, and the sweeper', () => {
    const names = Object.values(resources(template, 'AWS::Lambda::Function')).map(nameOf);
    assert.deepEqual(names.sort(), FUNCTIONS.map((name) => `tenant-restore-${name}`).sort());
  });

  for (const name of FUNCTIONS) {
    test(`${name} runs the one artifact on arm64, as itself`, () => {
      const { Code, Runtime, Architectures, MemorySize, Timeout } = configuration(name);
      assert.deepEqual(Code, configuration('intake').Code);
      assert.deepEqual(
        { Runtime, Architectures, MemorySize, Timeout },
        {
          Runtime: 'provided.al2023',
          Architectures: ['arm64'],
          MemorySize: 256,
          Timeout: name === 'sweeper' ? 300 : 60,
        },
      );
      assert.equal(environment(name).HANDLER, name);
      assert.equal(
        resolve(template, configuration(name).Role),
        `arn:aws:iam::111122223333:role/tenant-restore-${name}`,
      );
    });
  }

  for (const phase of PHASES) {
    test(`${phase} is fed by its queue and reports failures message by message`, () => {
      const fed = mappings.filter((mapping) => mapping.function === `tenant-restore-${phase}`);
      const expected = phase === 'cleanup' ? ['cleanup', 'dlq'] : [phase];
      assert.deepEqual(
        fed.map((mapping) => mapping.queue).sort(),
        expected.map((name) => `tenant-restore-${name}`),
      );
      for (const mapping of fed) {
        assert.equal(mapping.BatchSize, 10);
        assert.deepEqual(mapping.FunctionResponseTypes, ['ReportBatchItemFailures']);
      }
    });
  }

  test('are told everything that the handlers read, and differ in what they handle alone', () => {
    const { HANDLER, ...shared } = environment('intake');
    assert.equal(HANDLER, 'intake');
    for (const name of FUNCTIONS) assert.deepEqual({ ...environment(name), HANDLER: '' }, { ...shared, HANDLER: '' });
    assert.deepEqual(Object.keys(shared).sort(), [
      'ADMISSION',
      'BUCKET_NAME',
      'BUS_NAME',
      'CA_CERTIFICATE_ARN',
      'CLUSTER_ARN',
      'CONTAINER_NAME',
      'DB_SECURITY_GROUPS',
      'DB_SUBNET_GROUP',
      'DEFAULT_SOURCE',
      'DEFAULT_SOURCE_SECRET_ARN',
      'DEPLOYMENT',
      'DEPLOYMENT_TAG',
      'DMS_INSTANCE_CLASS',
      'DMS_SECRET_ROLE_ARN',
      'DMS_SECURITY_GROUPS',
      'DMS_SUBNET_GROUP',
      'KMS_KEY_ARN',
      'PACE',
      'PRICES',
      ...['CLEANUP', 'COMPLETE', 'DDL', 'DEAD', 'FINALIZE', 'INTAKE', 'MIGRATE', 'PROVISION'].map(
        (q) => `QUEUE_URL_${q}`,
      ),
      'RUST_LOG',
      'TABLE_NAME',
      'TASK_DEFINITION_ARN',
      'TASK_SECURITY_GROUPS',
      'TASK_SUBNETS',
      'TOPIC_ARN',
      'VPC_ID',
    ]);
  });

  test('of all of them, intake alone is told who may request what', () => {
    const requesters = { 'shop.app': [{ databases: ['shop'] }], '*': [] };
    const limited = synthesize({ requesters });
    for (const name of FUNCTIONS) {
      const { Properties } = named(limited, 'AWS::Lambda::Function', 'FunctionName', `tenant-restore-${name}`);
      const { Variables } = Properties.Environment as { Variables: Record<string, string> };
      assert.equal(Variables.REQUESTERS, name === 'intake' ? JSON.stringify(requesters) : undefined, name);
    }
  });

  test('are traced, unless the deployment says otherwise', () => {
    const untraced = synthesize({ tracing: false });
    for (const name of FUNCTIONS) {
      assert.deepEqual(configuration(name).TracingConfig, { Mode: 'Active' }, name);
      const { Properties } = named(untraced, 'AWS::Lambda::Function', 'FunctionName', `tenant-restore-${name}`);
      assert.notDeepEqual(Properties.TracingConfig, { Mode: 'Active' }, name);
      assert.equal((Properties.Environment as { Variables: Record<string, string> }).Variables.TRACING, 'off', name);
      const role = named(untraced, 'AWS::IAM::Role', 'RoleName', `tenant-restore-${name}`);
      assert.doesNotMatch(JSON.stringify(role), /xray:/, name);
    }
  });

  test('may wake themselves by ticks for hours, which Lambda would take for a loop; the sweeper does not', () => {
    for (const name of FUNCTIONS) {
      assert.equal(configuration(name).RecursiveLoop, name === 'sweeper' ? undefined : 'Allow', name);
    }
  });

  test('keep their logs for a limited time', () => {
    for (const name of FUNCTIONS) {
      const logs = named(template, 'AWS::Logs::LogGroup', 'LogGroupName', `/aws/lambda/tenant-restore-${name}`);
      assert.equal(logs.Properties.RetentionInDays, 90);
    }
  });
});
