import { Stack, Token } from 'aws-cdk-lib';
import { CfnEventBusPolicy, type EventBus } from 'aws-cdk-lib/aws-events';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import type { IConstruct } from 'constructs';
import type { Names } from './names.ts';

/** Bytes of a function's environment variables in all (Lambda developer guide, "Lambda quotas": 4 KB). */
const ENVIRONMENT = 4096;

/** Bytes of a bus's policy (EventBridge user guide, "Amazon EventBridge quotas"). */
const BUS_POLICY = 10_240;

/** Variables that are settings, by the name of the setting. */
const SETTINGS = {
  pace: 'PACE',
  admission: 'ADMISSION',
  databases: 'DATABASES',
  prices: 'PRICES',
  requesters: 'REQUESTERS',
} as const;

/** What has the most characters of what CloudFormation alone knows. */
const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Region': 'ap-northeast-1',
  'AWS::AccountId': '111122223333',
  'AWS::URLSuffix': 'amazonaws.com.cn',
};

/** The most characters of an ARN before the resource's own part. */
const ARN = 'arn:aws-us-gov:secretsmanager:ap-northeast-1:111122223333:'.length;

/** The most characters of a role's ARN; the name of a role has 64. */
const ROLE = 'arn:aws-us-gov:iam::111122223333:role/'.length + 64;

/**
 * Refuses settings that no function could be given.
 *
 * @throws with how much each of them takes.
 */
export function checkEnvironment(scope: IConstruct, names: Names, variables: Readonly<Record<string, string>>): void {
  const stack = Stack.of(scope);
  const written = Object.entries(variables).map(([name, value]) => {
    const measure = measureOf(stack, longestOf(name, names.deployment));
    return [name, measure(stack.resolve(value))] as const;
  });
  const total = bytes(Object.fromEntries(written));
  if (total <= ENVIRONMENT) return;
  const sizes = Object.entries(SETTINGS).flatMap(([setting, variable]) => {
    const value = written.find(([name]) => name === variable);
    return value === undefined ? [] : [{ setting, size: bytes(value[1]) }];
  });
  const theirs = sizes.reduce((sum, { size }) => sum + size, 0);
  throw new Error(
    `the functions' environment would have up to ${total} bytes, and Lambda takes ${ENVIRONMENT}: ` +
      [...sizes.map(({ setting, size }) => `${setting} ${size}`), `all else ${total - theirs}`].join(', ') +
      '. Shorten these settings: JSON without spaces, in prices only what restores use, in requesters beginnings of names with *',
  );
}

/** What a variable has at most for each value in it that is known at the deployment only. */
function longestOf(variable: string, deployment: string): number {
  if (variable.startsWith('QUEUE_URL_')) {
    return 'https://sqs.ap-northeast-1.amazonaws.com.cn/111122223333/-provision'.length + deployment.length;
  }
  if (variable.endsWith('_ARN')) return ARN + 'task-definition/-worker:999999'.length + deployment.length;
  if (variable.endsWith('_GROUPS')) return 'sg-0123456789abcdef0'.length;
  // A source's identifier has 63; account and region are in the bucket's name.
  return Math.max(63, '-111122223333-ap-northeast-1'.length + deployment.length);
}

/** Has the synthesis refuse more publishers than the bus's policy holds, those too that are added later. */
export function boundPolicyOf(bus: EventBus, names: Names): void {
  bus.node.addValidation({ validate: () => problemOfPolicy(bus, names) });
}

function problemOfPolicy(bus: EventBus, names: Names): string[] {
  const stack = Stack.of(bus);
  const measure = measureOf(stack, ROLE);
  const Resource: unknown = stack.resolve(names.arn('events', `event-bus/${names.deployment}`));
  const policies = bus.node.findAll().filter((one) => one instanceof CfnEventBusPolicy);
  const statements = policies.map(({ statementId, statement }) => ({
    id: statementId,
    text: measure({ Sid: statementId, ...(stack.resolve(statement) as object), Resource }),
  }));
  const total = bytes({ Version: '2012-10-17', Statement: statements.map(({ text }) => text) });
  if (total <= BUS_POLICY) return [];
  const publishers = statements.filter(({ id }) => /^\w+-(May|Only)-/.test(id));
  const theirs = publishers.reduce((sum, { text }) => sum + bytes(text), 0);
  const count = publishers.filter(({ id }) => /^\w+-May-/.test(id)).length;
  return [
    `the bus's policy would have up to ${total} bytes, and EventBridge takes ${BUS_POLICY}: the statements of ${count} publishers ${theirs}, ` +
      `all else ${total - theirs}. Name fewer publishers: an account's root in place of its roles; without "as" one takes about half`,
  ];
}

/** Bytes as both services count them: what Lambda measured, its refusal shows as a JSON object, and a policy is one. */
function bytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** The value with as many characters in place of each intrinsic function as what it stands for has at most. */
function measureOf(stack: Stack, longest: number): (value: unknown) => unknown {
  const pseudo: Readonly<Record<string, string>> = { ...PSEUDO, 'AWS::Partition': partitionOf(stack) };
  const measure = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(measure);
    if (typeof value !== 'object' || value === null) return value;
    const [[key, argument] = ['', undefined], ...others] = Object.entries(value);
    if (others.length === 0 && key === 'Fn::Join') {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map(measure).join(separator);
    }
    if (others.length === 0 && (key === 'Ref' || key.startsWith('Fn::'))) {
      return pseudo[String(argument)] ?? '?'.repeat(longest);
    }
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, measure(item)]));
  };
  return measure;
}

/** The partition of the stack's region, if that is known; else the one with the longest name. */
function partitionOf({ region }: Stack): string {
  if (Token.isUnresolved(region)) return 'aws-us-gov';
  return RegionInfo.get(region).partition ?? 'aws-us-gov';
}
