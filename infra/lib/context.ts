import { RemovalPolicy } from 'aws-cdk-lib';
import type { Node } from 'constructs';
import type { Sweeping } from './props.ts';
import { readPublishers } from './publishers.ts';
import { readRequesters } from './requesters.ts';
import { KEY_WITHOUT_TOPIC, type TenantRestoreStackProps } from './stack.ts';

const REQUIRED = [
  'vpcId',
  'subnetIds',
  'databaseSubnetIds',
  'securityGroupIds',
  'source',
  'sourceSecretArn',
  'lambdaArtifact',
  'workerImage',
] as const;

const OPTIONAL = [
  'databasePorts',
  'deployment',
  'deploymentTag',
  'workerCaBundle',
  'workerMostConnections',
  'workerCopyPieceMiB',
  'sampleAboveMiB',
  'dmsCaCertificateArn',
  'dmsInstanceClass',
  'managedSecrets',
  'kmsKeyArn',
  'pace',
  'sweeping',
  'requesters',
  'publishers',
  'archiveDays',
  'schemaRegistry',
  'messageKeyArn',
  'topicArn',
  'topicKeyArn',
  'alarmTopicArn',
  'admission',
  'databases',
  'prices',
  'logLevel',
  'auditDays',
  'removal',
] as const;

type Context = Record<(typeof REQUIRED)[number], string> & Partial<Record<(typeof OPTIONAL)[number], string>>;

/**
 * The construct's props from the app's context. An empty value counts as absent.
 *
 * @throws with every problem of the context, so that one run tells all.
 */
export function propsFromContext(node: Node): TenantRestoreStackProps {
  const context = read(node);
  return {
    network: {
      vpcId: context.vpcId,
      taskSubnetIds: list(context.subnetIds),
      databaseSubnetIds: list(context.databaseSubnetIds),
      sourceSecurityGroupIds: list(context.securityGroupIds),
      ...given('databasePorts', context.databasePorts, (text) => list(text).map(Number)),
    },
    source: { identifier: context.source, secretArn: context.sourceSecretArn },
    lambdaArtifact: context.lambdaArtifact,
    worker: {
      image: context.workerImage,
      ...given('caBundle', context.workerCaBundle, String),
      ...given('mostConnections', context.workerMostConnections, Number),
      ...given('copyPieceMiB', context.workerCopyPieceMiB, Number),
      ...given('sampleAboveMiB', context.sampleAboveMiB, Number),
    },
    replication: {
      ...given('instanceClass', context.dmsInstanceClass, String),
      ...given('caCertificateArn', context.dmsCaCertificateArn, String),
    },
    ...given('deployment', context.deployment, String),
    ...given('deploymentTag', context.deploymentTag, String),
    ...given('managedSecrets', context.managedSecrets, (text) => text === 'true'),
    ...given('kmsKeyArn', context.kmsKeyArn, String),
    ...given('pace', context.pace, String),
    ...given('sweeping', context.sweeping, (text) => text as Sweeping),
    ...given('requesters', context.requesters, readRequesters),
    ...given('publishers', context.publishers, readPublishers),
    ...given('archiveDays', context.archiveDays, Number),
    ...given('schemaRegistry', context.schemaRegistry, (text) => text === 'true'),
    ...given('messageKeyArn', context.messageKeyArn, String),
    ...given('topicArn', context.topicArn, String),
    ...given('topicKeyArn', context.topicKeyArn, String),
    ...given('alarmTopicArn', context.alarmTopicArn, String),
    ...given('admission', context.admission, String),
    ...given('prices', context.prices, String),
    ...given('databases', context.databases, String),
    ...given('logLevel', context.logLevel, String),
    ...given('auditDays', context.auditDays, Number),
    removalPolicy: context.removal === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
  };
}

function read(node: Node): Context {
  const found: Record<string, string> = {};
  for (const key of [...REQUIRED, ...OPTIONAL]) {
    const value: unknown = node.tryGetContext(key);
    if (value !== undefined && value !== null && value !== '') {
      found[key] = typeof value === 'string' ? value : JSON.stringify(value);
    }
  }
  const problems = problemsOf(found);
  if (problems.length > 0) throw new Error(`context is unusable:\n  ${problems.join('\n  ')}`);
  return found as Context;
}

function problemsOf(context: Record<string, string>): string[] {
  const problems: string[] = REQUIRED.filter((key) => !(key in context)).map((key) => `${key} is missing`);
  const demand = (key: keyof Context, form: RegExp, meaning: string) => {
    const value = context[key];
    if (value !== undefined && !form.test(value)) problems.push(`${key} must be ${meaning}, not ${value}`);
  };
  demand('deployment', /^[a-z][a-z0-9-]{0,30}[a-z0-9]$/, 'lower-case letters, digits and hyphens, 2 to 32 characters');
  demand('deploymentTag', /^[a-z][a-z0-9]{0,5}$/, 'a letter and up to 5 lower-case letters or digits');
  demand('databasePorts', /^\d{1,5}(,\d{1,5})*$/, 'comma-separated port numbers');
  demand('managedSecrets', /^(true|false)$/, 'true or false');
  demand('sampleAboveMiB', /^[1-9]\d{0,9}$/, 'a number of MiB');
  demand('auditDays', /^[1-9]\d*$/, 'a number of days');
  demand('workerMostConnections', /^([1-9]|[1-5]\d|6[0-4])$/, 'a number from 1 to 64');
  demand('workerCopyPieceMiB', /^[1-9]\d{0,5}$/, 'a number of MiB from 1 to 999999');
  demand('archiveDays', /^[1-9]\d*$/, 'a number of days');
  demand('schemaRegistry', /^(true|false)$/, 'true or false');
  demand('messageKeyArn', /^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/\S+$/, 'the ARN of a key, not of an alias');
  demand('topicKeyArn', /^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/\S+$/, 'the ARN of a key, not of an alias');
  demand('topicArn', /^arn:[\w-]+:sns:[\w-]+:\d{12}:\S+(?<!\.fifo)$/, 'the ARN of a standard topic');
  demand('alarmTopicArn', /^arn:[\w-]+:sns:[\w-]+:\d{12}:\S+$/, 'the ARN of a topic');
  demand('sweeping', /^(mend|report|off)$/, 'mend, report or off');
  demand('removal', /^(retain|destroy)$/, 'retain or destroy');
  if ('topicKeyArn' in context && !('topicArn' in context)) problems.push(KEY_WITHOUT_TOPIC);
  for (const key of ['pace', 'admission', 'databases', 'prices'] as const) {
    if (context[key] !== undefined && !isJsonObject(context[key])) problems.push(`${key} must be a JSON object`);
  }
  for (const [key, check] of [
    ['requesters', readRequesters],
    ['publishers', readPublishers],
  ] as const) {
    try {
      if (context[key] !== undefined) check(context[key]);
    } catch (error) {
      problems.push(`${key}: ${(error as Error).message}`);
    }
  }
  return problems;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function list(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

function given<K extends string, V>(
  key: K,
  text: string | undefined,
  read: (text: string) => V,
): Partial<Record<K, V>> {
  return text === undefined ? {} : ({ [key]: read(text) } as Record<K, V>);
}
