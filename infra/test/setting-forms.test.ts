import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { parseSettings } from '../deployment/settings.ts';
import { ARTIFACTS, ATTACHMENT, ATTACHMENT_SETTINGS, propsFromContext, SETTINGS } from '../lib/context.ts';
import { DEMONSTRATION_KEYS } from '../lib/demonstration/keys.ts';
import { DOCUMENTS } from '../lib/documents.ts';
import { problemsOfForm } from '../lib/forms.ts';

const KEY = 'arn:aws:kms:eu-west-3:111122223333:key/0f0f0f0f-0000-4000-8000-000000000000';
const ALIAS = 'arn:aws:kms:eu-west-3:111122223333:alias/production';
const SECRET = 'arn:aws:secretsmanager:eu-west-3:111122223333:secret:production';

/** Values as a person mistakes them, and as they should be. */
const MISTAKEN: Readonly<Record<string, { wrong: string[]; right: string[] }>> = {
  vpcId: { wrong: ['main', 'subnet-0a1b2c3d'], right: ['vpc-0123456789abcdef0', 'vpc-0a1b2c3d'] },
  subnetIds: {
    wrong: ['subnet-0a1b2c3d;subnet-0a1b2c3e', 'vpc-0a1b2c3d'],
    right: ['subnet-0a1b2c3d, subnet-0a1b2c3e'],
  },
  databaseSubnetIds: { wrong: ['["subnet-0a1b2c3d"]'], right: ['subnet-0a1b2c3d,subnet-0a1b2c3e'] },
  securityGroupIds: { wrong: ['default', 'sg-0a1b2c3d,'], right: ['sg-0a1b2c3d'] },
  endpointSecurityGroupIds: { wrong: ['sg-0a1b2c3d;sg-0a1b2c3e'], right: ['sg-0a1b2c3d, sg-0a1b2c3e'] },
  databasePorts: { wrong: ['0', '65536', '5432;5433', 'postgres'], right: ['5432', '5432, 65535'] },
  source: {
    wrong: ['Production', 'arn:aws:rds:eu-west-3:111122223333:db:production', 'a--b', 'a-'],
    right: ['production-1'],
  },
  sourceSecretArn: {
    wrong: [SECRET, 'production', KEY],
    right: [`${SECRET}-AbCdEf`, `${SECRET.replace('production', 'rds!db-1')}-AbCdEf`],
  },
  deployment: { wrong: ['Blue', 'b', '-blue', 'x'.repeat(33)], right: ['blue-restore'] },
  deploymentTag: { wrong: ['Main', 'toolong', '1a'], right: ['main'] },
  lambdaArtifact: { wrong: [' '], right: ['../dist/lambda'] },
  workerImage: { wrong: ['my image:1'], right: ['registry.example/worker:1'] },
  workerArchitecture: { wrong: ['amd64'], right: ['x86_64'] },
  workerCaBundle: { wrong: ['certs/ca.pem'], right: ['/etc/ssl/certs/ca.pem'] },
  workerCpu: { wrong: ['1 vCPU'], right: ['1024'] },
  workerMemoryMiB: { wrong: ['2 GiB'], right: ['2048'] },
  workerMostConnections: { wrong: ['0', '65'], right: ['64'] },
  workerCopyPieceMiB: { wrong: ['0', '1000000'], right: ['256'] },
  sampleAboveMiB: { wrong: ['0', '1.5'], right: ['1024'] },
  dmsCaCertificateArn: { wrong: ['rds-ca', ALIAS], right: ['arn:aws:dms:eu-west-3:111122223333:cert:RDSCA'] },
  dmsInstanceClass: { wrong: ['t3.medium', 'db.t3.medium'], right: ['dms.t3.medium', 'dms.c6i.24xlarge'] },
  managedSecrets: { wrong: ['yes'], right: ['true'] },
  kmsKeyArn: { wrong: [ALIAS, 'alias/production', '0f0f0f0f-0000-4000-8000-000000000000', `${KEY} `], right: [KEY] },
  sweeping: { wrong: ['on'], right: ['report'] },
  archiveDays: { wrong: ['0', 'forever'], right: ['30'] },
  schemaRegistry: { wrong: ['0'], right: ['false'] },
  messageKeyArn: { wrong: [ALIAS], right: [KEY, KEY.replace('key/', 'key/mrk-').replace('arn:aws:', 'arn:aws-cn:')] },
  topicArn: {
    wrong: ['outcomes', 'arn:aws:sns:eu-west-3:111122223333:outcomes.fifo', 'arn:aws:sns:eu-west-3:1:outcomes'],
    right: ['arn:aws:sns:eu-west-3:111122223333:outcomes'],
  },
  topicKeyArn: { wrong: [ALIAS], right: [KEY] },
  alarmTopicArn: { wrong: ['operations', KEY], right: ['arn:aws:sns:eu-west-3:111122223333:operations'] },
  tracing: { wrong: ['off'], right: ['false'] },
  logLevel: { wrong: ['inof', 'info;debug', 'verbose'], right: ['info', 'INFO,tenant_restore_core=debug'] },
  auditDays: { wrong: ['-1'], right: ['365'] },
  removal: { wrong: ['delete'], right: ['destroy'] },
  selectedDatabase: { wrong: ['singleAz'], right: ['SingleAz'] },
  sampleArtifact: { wrong: [' '], right: ['../dist/samples'] },
  samples: { wrong: ['none'], right: ['false'] },
  dmsRoles: { wrong: ['make'], right: ['create'] },
  engineVersion: { wrong: ['latest', '17.9.1'], right: ['17', '17.9'] },
  s3PrefixListId: { wrong: ['com.amazonaws.eu-west-3.s3'], right: ['pl-0123abcd'] },
  pace: {
    wrong: ['[1]', '{"slowfirst": 60}', '{"slowFirst": "60"}', '{"hold": 1.5}', 'slow'],
    right: ['{"slowFirst": 60, "hold": 0}'],
  },
  admission: { wrong: ['3', '{"overall": 0}', '{"persource": 1}'], right: ['{"overall": 10, "perSource": 3}'] },
  databases: {
    wrong: [
      ...['{"instances": {}}', '{"instance": {"class": "m6g.large"}}', '{"writer": {"fallbacks": "db.r5.large"}}'],
      ...['{"storage": {"iops": 3000}}', '{"storage": {"storageType": "gp3", "size": 1}}', '{"instance": 1}'],
    ],
    right: [
      '{"instance": {"class": "db.m6g.large", "fallbacks": ["db.m5.large"]}, "writer": {"fallbacks": ["db.r5.large"]}, "storage": {"storageType": "gp3"}}',
    ],
  },
  prices: {
    wrong: ['cheap', '{"taskCpu": "0.03"}', '{"databases": {"db.t3.micro": -1}}', '{"constructor": {}}'],
    right: ['{"name": "eu-west-3, 2026", "databases": {"db.t3.micro": 0.018}, "secret": 0.4}'],
  },
  requesters: { wrong: ['[]', '{"shop.app": [{"schema": ["a"]}]}'], right: ['{"shop.app": [{"schemas": ["a*"]}]}'] },
  publishers: {
    wrong: ['{}', '{"Desk": {"principal": "111122223333"}}'],
    right: ['{"Desk": {"principal": "arn:aws:iam::111122223333:root"}}'],
  },
};

const ALL = [...new Set([...ATTACHMENT, ...ATTACHMENT_SETTINGS, ...ARTIFACTS, ...SETTINGS, ...DEMONSTRATION_KEYS])];

describe('each setting', () => {
  test('has a form that is held against what people write', () => {
    assert.deepEqual(Object.keys(MISTAKEN).sort(), ALL.toSorted());
  });

  for (const [key, { wrong, right }] of Object.entries(MISTAKEN)) {
    test(`${key} is refused by its name and with what it must be`, () => {
      for (const value of wrong) {
        const problems = problemsOfForm({ [key]: value });
        assert.equal(problems.length, 1, `${value}: ${problems.join()}`);
        assert.match(problems[0] ?? '', new RegExp(`^${key}\\b.*(must|only|name one)`), value);
      }
      for (const value of right) assert.deepEqual(problemsOfForm({ [key]: value }), [], value);
    });
  }

  test('is refused with its value and the remedy, by the app and before anything is looked at', () => {
    const told = `kmsKeyArn must be the ARN of a key, not of an alias, not ${ALIAS}`;
    assert.throws(() => propsFromContext(new App({ context: { kmsKeyArn: ALIAS } }).node), new RegExp(told));
    const file = JSON.stringify({ kmsKeyArn: ALIAS, region: 'Paris' });
    assert.throws(() => parseSettings(file, { file: '/blue.json', dist: '/dist' }), {
      message: `/blue.json is unusable:\n  region must be a region of AWS, such as eu-west-3, not Paris\n  ${told}`,
    });
  });

  test('that nobody reads is refused by the app too; what the CDK is told is not', () => {
    const context = {
      kmsKeyARN: KEY,
      '@aws-cdk/core:bootstrapQualifier': 'team',
      'aws:cdk:enable-asset-metadata': true,
    };
    assert.throws(
      () => propsFromContext(new App({ context }).node),
      (error: Error) => {
        assert.match(error.message, /kmsKeyARN is no setting; infra\/README\.md lists them/);
        assert.equal(error.message.match(/is no setting/g)?.length, 1);
        return true;
      },
    );
  });
});

describe('the settings that are documents', () => {
  /** The fields of a Rust struct, as its JSON names them. */
  function fieldsOf(struct: string, file: string): string[] {
    const source = readFileSync(join(import.meta.dirname, '../../handlers', file), 'utf8');
    const body = new RegExp(`pub struct ${struct} \\{([^]*?)\\n\\}`).exec(source)?.[1] ?? '';
    const names = [...body.matchAll(/^ {4}pub (\w+):/gm)].map(([, name = '']) => name);
    return names.map((name) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()));
  }
  const known = (shape: unknown) => Object.keys((shape as { fields: Record<string, unknown> }).fields);

  test('know the names that the functions read, all of them and no other', () => {
    const { pace, admission, databases, prices } = DOCUMENTS;
    const { instance, storage } = databases?.fields ?? {};
    for (const [shape, struct, file] of [
      [pace, 'Pace', 'core/src/wait.rs'],
      [admission, 'Limits', 'core/src/admission.rs'],
      [databases, 'DatabaseWishes', 'lambda/src/placement.rs'],
      [instance, 'ClassWishes', 'lambda/src/placement.rs'],
      [storage, 'Storage', 'core/src/source_kind.rs'],
      [prices, 'PriceList', 'core/src/price.rs'],
    ] as const) {
      assert.deepEqual(known(shape).sort(), fieldsOf(struct, file).sort(), struct);
    }
  });

  test('take the lists of prices that come with the project', () => {
    for (const file of ['handlers/core/src/price/us_east_1.json', 'localstack/prices.json']) {
      const prices = readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
      assert.deepEqual(problemsOfForm({ prices }), [], file);
    }
  });
});
