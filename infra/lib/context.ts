import { RemovalPolicy } from 'aws-cdk-lib';
import type { Node } from 'constructs';
import { DEMONSTRATION_KEYS } from './demonstration/keys.ts';
import { problemsOfForm } from './forms.ts';
import { problemOfEndpoints } from './network.ts';
import type { Sweeping, WorkerArchitecture } from './props.ts';
import { readPublishers } from './publishers.ts';
import { readRequesters } from './requesters.ts';
import { KEY_WITHOUT_TOPIC, type PipelineSettings, type TenantRestoreStackProps } from './stack.ts';
import { problemOf } from './worker-image.ts';
import { problemOfSize } from './worker-size.ts';

/** What tells the pipeline where it is attached. */
export const ATTACHMENT = [
  'vpcId',
  'subnetIds',
  'databaseSubnetIds',
  'securityGroupIds',
  'source',
  'sourceSecretArn',
] as const;

/** What one that is attached may be told besides. */
export const ATTACHMENT_SETTINGS = ['databasePorts', 's3PrefixListId', 'endpointSecurityGroupIds'] as const;

/** What every deployment needs. */
export const ARTIFACTS = ['lambdaArtifact', 'workerImage'] as const;

/** What every deployment may be told. */
export const SETTINGS = [
  'deployment',
  'deploymentTag',
  'workerArchitecture',
  'workerCaBundle',
  'workerCpu',
  'workerMemoryMiB',
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
  'tracing',
  'logLevel',
  'auditDays',
  'removal',
] as const;

/** What a name is that nobody reads. */
export const NO_SETTING = 'is no setting; infra/README.md lists them';

/** The values of a context's keys, none of them empty. */
export type Context<Required extends string, Optional extends string> = Record<Required, string> &
  Partial<Record<Optional, string>>;
type Settings = Context<(typeof ARTIFACTS)[number], (typeof SETTINGS)[number]>;

/**
 * The props of the pipeline attached to what is there, from the app's context. An empty value counts as absent.
 *
 * @throws with every problem of the context, so that one run tells all.
 */
export function propsFromContext(node: Node): TenantRestoreStackProps {
  const [s3PrefixListId, groups] = [valueOf(node, 's3PrefixListId'), valueOf(node, 'endpointSecurityGroupIds')];
  const endpoints = {
    ...given('s3PrefixListId', s3PrefixListId, String),
    ...given('endpointSecurityGroupIds', groups, list),
  };
  const problem = problemOfEndpoints(endpoints);
  const others = problem === undefined ? [] : [problem];
  const context = read(node, [...ATTACHMENT, ...ARTIFACTS], [...ATTACHMENT_SETTINGS, ...SETTINGS], others);
  return {
    network: {
      vpcId: context.vpcId,
      taskSubnetIds: list(context.subnetIds),
      databaseSubnetIds: list(context.databaseSubnetIds),
      sourceSecurityGroupIds: list(context.securityGroupIds),
      ...given('databasePorts', context.databasePorts, (text) => list(text).map(Number)),
      ...endpoints,
    },
    source: { identifier: context.source, secretArn: context.sourceSecretArn },
    ...settingsOf(context),
  };
}

/** What every deployment is told, as props. */
export function settingsOf(context: Settings): PipelineSettings {
  return {
    lambdaArtifact: context.lambdaArtifact,
    worker: {
      image: context.workerImage,
      ...given('architecture', context.workerArchitecture, (text) => text as WorkerArchitecture),
      ...given('caBundle', context.workerCaBundle, String),
      ...given('cpu', context.workerCpu, Number),
      ...given('memoryMiB', context.workerMemoryMiB, Number),
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
    ...given('tracing', context.tracing, (text) => text === 'true'),
    ...given('logLevel', context.logLevel, String),
    ...given('auditDays', context.auditDays, Number),
    removalPolicy: context.removal === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  };
}

/**
 * Reads keys of the context.
 *
 * @throws with what is missing, what is unusable, and what `others` find.
 */
export function read<Required extends string, Optional extends string>(
  node: Node,
  required: readonly Required[],
  optional: readonly Optional[],
  others: readonly string[] = [],
): Context<Required, Optional> {
  const found: Record<string, string> = {};
  for (const key of [...required, ...optional]) {
    const value = valueOf(node, key);
    if (value !== undefined) found[key] = value;
  }
  const missing = required.filter((key) => !(key in found)).map((key) => `${key} is missing`);
  const problems = [...missing, ...unknownIn(node), ...problemsOf(found), ...others];
  if (problems.length > 0) throw new Error(`context is unusable:\n  ${problems.join('\n  ')}`);
  return found as Context<Required, Optional>;
}

/** The value of a key; nothing if it is empty. */
export function valueOf(node: Node, key: string): string | undefined {
  const value: unknown = node.tryGetContext(key);
  if (value === undefined || value === null || value === '') return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function problemsOf(context: Record<string, string>): string[] {
  const problems = problemsOfForm(context);
  const size = problemOfSize({
    ...given('cpu', context.workerCpu, Number),
    ...given('memoryMiB', context.workerMemoryMiB, Number),
  });
  if (size !== undefined) problems.push(`workerCpu, workerMemoryMiB: ${size}`);
  const problem = problemOf(context.workerImage ?? '');
  if (problem !== undefined) problems.push(`workerImage: ${problem}`);
  if ('topicKeyArn' in context && !('topicArn' in context)) problems.push(KEY_WITHOUT_TOPIC);
  return problems;
}

/** The context's names that nobody reads. Those of the CDK and of its features have punctuation, ours are words. */
function unknownIn(node: Node): string[] {
  const named = Object.keys(node.getAllContext() as Record<string, unknown>).filter((key) => /^\w+$/.test(key));
  const known: readonly string[] = [
    ...ATTACHMENT,
    ...ATTACHMENT_SETTINGS,
    ...ARTIFACTS,
    ...SETTINGS,
    ...DEMONSTRATION_KEYS,
  ];
  return named.filter((key) => !known.includes(key)).map((key) => `${key} ${NO_SETTING}`);
}

function list(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

/** The prop of a key that is there. */
export function given<K extends string, V>(
  key: K,
  text: string | undefined,
  read: (text: string) => V,
): Partial<Record<K, V>> {
  return text === undefined ? {} : ({ [key]: read(text) } as Record<K, V>);
}
