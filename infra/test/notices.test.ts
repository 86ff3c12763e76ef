import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { TOLD } from '../examples/notices/texts.ts';
import { atPath, transformed, type InputTransformer } from './input-transformer.ts';
import type { Resource } from './template.ts';

const EXAMPLES = join(import.meta.dirname, '../../events-schema/examples');
const HOSTILE = ['a"b\\c', 'a\nb\r\tc', '<!channel>', '"}],"text":"x', '{{x}} <f1> ${y} \u2028 \u0000'];

interface Detail extends Record<string, unknown> {
  schemas: { schema: string; restoredAs?: string }[];
  causes?: { message: string; remedy: string }[];
}

const out = mkdtempSync(join(tmpdir(), 'cdk-'));
const { status, stderr } = spawnSync(
  process.execPath,
  ['--import', 'tsx', join(import.meta.dirname, '../examples/notices.ts')],
  { encoding: 'utf8', env: { PATH: process.env.PATH, CDK_OUTDIR: out } },
);

test('the example of notices is synthesized without an error or a warning', () => {
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stderr, /WARNING|ERROR|\[W/i);
});

const text = readFileSync(join(out, 'TenantRestoreNotices.template.json'), 'utf8');
const { Resources } = JSON.parse(text) as { Resources: Record<string, Resource> };
const all = (type: string) => Object.values(Resources).filter(({ Type }) => Type === type);

interface Target {
  readonly Arn: Record<string, unknown>;
  readonly DeadLetterConfig?: unknown;
  readonly InputTransformer: InputTransformer;
}

/** The targets of the rule for a detail-type. */
function targets(told: string): { webhook: Target; chat: Target } {
  const [rule, ...others] = all('AWS::Events::Rule').filter(({ Properties }) => {
    const { 'detail-type': types } = Properties.EventPattern as { 'detail-type': string[] };
    return types.includes(told);
  });
  assert.equal(others.length, 0);
  const [webhook, chat] = rule?.Properties.Targets as [Target, Target];
  return { webhook, chat };
}

/** The valid examples of an event, as the pipeline publishes it. */
function events(told: string): { detail: Detail; id: string }[] {
  const folder = join(EXAMPLES, told);
  const files = readdirSync(folder).filter((file) => file.startsWith('valid'));
  return files.map((file) => ({
    version: '0',
    id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    'detail-type': told,
    source: 'tenant-restore',
    detail: JSON.parse(readFileSync(join(folder, file), 'utf8')) as Detail,
  }));
}

/** The event with every text of strangers replaced. */
function disguised(event: { detail: Detail; id: string }, by: string) {
  const { detail } = event;
  const names = { database: by, source: by, requestId: by, reportPage: by };
  const here = Object.fromEntries(Object.entries(names).filter(([name]) => name in detail));
  const schemas = detail.schemas.map((pair) => ({ ...pair, schema: by, ...(pair.restoredAs && { restoredAs: by }) }));
  const causes = detail.causes?.map((cause) => ({ ...cause, message: by, remedy: by }));
  return { ...event, detail: { ...detail, ...here, schemas, ...(causes && { causes }) } };
}

interface Message {
  readonly text: string;
  readonly blocks: { text?: { type: string; text: string }; fields?: { type: string; text: string }[] }[];
}

/** What a custom notification may have in its content. */
const SHOWN = ['textType', 'title', 'description', 'nextSteps', 'keywords'];

interface Notification {
  readonly version: string;
  readonly source: string;
  readonly id: string;
  readonly content: {
    readonly textType: string;
    readonly title: string;
    readonly description: string;
    readonly nextSteps?: string[];
    readonly keywords: string[];
  };
  readonly metadata: { readonly threadId: string; readonly additionalContext: Record<string, string> };
}

/** All texts of a message, which Slack refuses if one is empty or too long. */
function texts({ blocks }: Message): string[] {
  const found = blocks.flatMap(({ text, fields = [] }) => [...(text ? [text] : []), ...fields]);
  for (const { type } of found) assert.equal(type, 'plain_text');
  for (const { fields = [] } of blocks) assert.ok(fields.length <= 10);
  return found.map(({ text }) => text);
}

for (const told of TOLD) {
  describe(`${told} in a chat`, () => {
    const { webhook, chat } = targets(told);

    test('is a message with what the event says', () => {
      for (const event of events(told)) {
        const message = transformed(webhook.InputTransformer, event) as Message;
        assert.match(message.text, /^Tenant restore /);
        const shown = texts(message);
        for (const text of shown) assert.ok(text.length > 0 && text.length <= 2000, text);
        const { causes = [], schemas, database } = event.detail;
        if (causes[0]) assert.deepEqual(shown.slice(1, 3), [causes[0].message, causes[0].remedy]);
        if (told === 'RestoreRejected') continue;
        for (const value of [database, schemas[0]?.schema, schemas[0]?.restoredAs, event.detail.restoreId]) {
          assert.ok(shown.includes(value as string), `${JSON.stringify(value)} in ${JSON.stringify(shown)}`);
        }
      }
    });

    test('is a custom notification of Amazon Q Developer, which says in its content all that a message does', () => {
      for (const event of events(told)) {
        const { content, metadata, ...rest } = transformed(chat.InputTransformer, event) as Notification;
        assert.deepEqual(rest, { version: '1.0', source: 'custom', id: event.id });
        assert.deepEqual(
          Object.keys(content).filter((name) => !SHOWN.includes(name)),
          [],
        );
        assert.equal(content.textType, 'client-markdown');
        for (const text of [content.title, content.description]) assert.ok(text.length > 0 && text.length <= 2000);
        const message = transformed(webhook.InputTransformer, event) as Message;
        const shown = [content.title, content.description, ...(content.nextSteps ?? []), ...content.keywords];
        for (const text of texts(message)) assert.ok(shown.includes(text), `${text} in ${shown.join()}`);
        assert.equal(metadata.threadId, event.detail.requestId);
        for (const [name, value] of Object.entries(metadata.additionalContext)) {
          assert.match(name, /^\w+$/);
          assert.equal(typeof value, 'string');
        }
      }
    });

    test('stays what it is, whatever names and messages hold', () => {
      for (const hostile of HOSTILE) {
        for (const event of events(told)) {
          const strange = disguised(event, hostile);
          const harmless = disguised(event, 'x');
          for (const { InputTransformer } of [webhook, chat]) {
            const escaped = JSON.stringify(transformed(InputTransformer, harmless)).replaceAll(
              '"x"',
              JSON.stringify(hostile),
            );
            assert.deepEqual(transformed(InputTransformer, strange), JSON.parse(escaped));
          }
        }
      }
    });

    test('waits in a queue if it could not be told', () => {
      for (const { DeadLetterConfig } of [webhook, chat]) assert.ok(DeadLetterConfig);
    });
  });
}

describe('the example of notices', () => {
  test('has the webhook in no template', () => {
    const [destination] = all('AWS::Events::ApiDestination');
    const resolved = '{{resolve:secretsmanager:tenant-restore-chat:SecretString:url::}}';
    assert.equal(destination?.Properties.InvocationEndpoint, resolved);
    const [connection] = all('AWS::Events::Connection');
    assert.match(JSON.stringify(connection?.Properties.AuthParameters), /SecretString:key::/);
    assert.doesNotMatch(text, /hooks\.slack\.com/);
  });

  test('lets an address and a queue hear only what they ask for, the queue without the envelope', () => {
    const [mail, queue, ...others] = all('AWS::SNS::Subscription').map(({ Properties }) => Properties);
    assert.equal(others.length, 0);
    assert.deepEqual(
      [mail?.Protocol, mail?.Endpoint, mail?.FilterPolicy],
      ['email', 'oncall@example.com', { outcome: ['FAILED', 'REJECTED'] }],
    );
    assert.deepEqual(
      [queue?.Protocol, queue?.RawMessageDelivery, queue?.FilterPolicy],
      ['sqs', true, { outcome: ['COMPLETED'], database: ['shop'] }],
    );
  });

  test('lets EventBridge use the key of the topic for the chat', () => {
    const [key] = all('AWS::KMS::Key');
    assert.match(JSON.stringify(key?.Properties.KeyPolicy), /kms:Decrypt.*kms:GenerateDataKey.*events\.amazonaws\.com/);
  });
});

describe('the imitation of the input transformer', () => {
  const event = { detail: { a: 'say "hi"', list: [{ b: 1 }], none: null } };
  const of = (template: string) => () =>
    transformed({ InputPathsMap: { v: '$.detail.a' }, InputTemplate: template }, event);

  test('finds what the documentation says that paths find', () => {
    assert.equal(atPath(event, '$.detail.list[0].b'), 1);
    assert.equal(atPath(event, '$.detail.list[1].b'), undefined);
    assert.equal(atPath(event, '$.detail.absent.b'), undefined);
  });

  test('breaks what EventBridge breaks: quotes within a text, and what is missing', () => {
    assert.deepEqual(of('{"t":<v>}')(), { t: 'say "hi"' });
    assert.throws(of('{"t":"<v>"}'), /JSON/);
    const missing = { InputPathsMap: { v: '$.detail.absent' }, InputTemplate: '{"t":<v>}' };
    assert.throws(() => transformed(missing, event), /JSON/);
  });
});
