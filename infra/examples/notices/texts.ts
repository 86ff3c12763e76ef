/**
 * What a chat is told of each event, as templates of EventBridge's input transformer.
 *
 * EventBridge puts a value into a text as it is, quotes and line ends included, which breaks the JSON around it; a value
 * that stands alone keeps its form as JSON. What the event hasn't is left out, which breaks it too (EventBridge user guide,
 * "Amazon EventBridge input transformation", Common issues). So each variable stands alone here, and only what every
 * event of the kind has is used.
 */
import { EventField } from 'aws-cdk-lib/aws-events';

/** What people are told of. */
export const TOLD = ['RestoreCompleted', 'RestoreFailed', 'RestoreRejected', 'RestoreHeld'] as const;

export type Told = (typeof TOLD)[number];

/** A title of ours, a text of the event, and labelled values of the event. */
interface Story {
  readonly title: string;
  /** Absent where nothing went wrong. */
  readonly problem?: { readonly message: string; readonly remedy: string };
  readonly values: Readonly<Record<string, string>>;
}

const detail = (path: string): string => EventField.fromPath(`$.detail.${path}`);

const problem = () => ({ message: detail('causes[0].message'), remedy: detail('causes[0].remedy') });

/** A restore that was opened has all of these. */
const restore = () => ({
  Database: detail('database'),
  Source: detail('source'),
  'First schema': detail('schemas[0].schema'),
  'Restored as': detail('schemas[0].restoredAs'),
  Restore: detail('restoreId'),
});

const STORIES: Readonly<Record<Told, () => Story>> = {
  RestoreCompleted: () => ({
    title: 'Tenant restore completed',
    values: { ...restore(), Report: detail('reportPage') },
  }),
  RestoreFailed: () => ({
    title: 'Tenant restore failed',
    problem: problem(),
    values: { ...restore(), Report: detail('reportPage') },
  }),
  // Of a request that is wrong, nothing else is sure to be there.
  RestoreRejected: () => ({
    title: 'Tenant restore rejected',
    problem: problem(),
    values: { Request: detail('requestId') },
  }),
  RestoreHeld: () => ({
    title: 'Tenant restore failed and is held: its temporary database costs money until it is replayed or cancelled',
    problem: problem(),
    values: { ...restore(), 'Held until': detail('until') },
  }),
};

/**
 * A message for an incoming webhook of Slack, or of what takes the same. `plain_text` is shown as it is: a schema called
 * `<!channel>` calls nobody. Slack refuses a text of more than 3,000 letters; a cause has 2,000 bytes at most.
 */
export function webhookMessage(told: Told): Record<string, unknown> {
  const { title, problem, values } = STORIES[told]();
  const section = (text: string) => ({ type: 'section', text: plain(text) });
  const lines = problem ? [section(problem.message), section(problem.remedy)] : [];
  const fields = Object.entries(values).flatMap(([name, value]) => [plain(name), plain(value)]);
  // Ten fields are the most that a section takes (Slack, Block Kit, section).
  const sections = Array.from({ length: Math.ceil(fields.length / 10) }, (_, at) => ({
    type: 'section',
    fields: fields.slice(at * 10, at * 10 + 10),
  }));
  return { text: title, blocks: [section(title), ...lines, ...sections] };
}

function plain(text: string): { type: 'plain_text'; text: string } {
  return { type: 'plain_text', text };
}

/**
 * A custom notification of Amazon Q Developer in chat applications (its administrator guide, "Custom notifications"). It
 * shows `content` alone, so names stand in the keywords too, each behind its label; `metadata` groups messages in threads and
 * is what custom actions read, whose paths take no spaces. What has another form, it drops without a word.
 *
 * All of `content` is markdown of the chat, also what the event brings, and a template can't quote it: a schema called
 * `<!channel>` calls everybody. Who lets strangers name schemas takes the webhook.
 */
export function customNotification(told: Told): Record<string, unknown> {
  const { title, problem, values } = STORIES[told]();
  return {
    version: '1.0',
    source: 'custom',
    id: EventField.eventId,
    content: {
      textType: 'client-markdown',
      title,
      // Every notification has one; where nothing went wrong, the event has no sentence for it.
      description: problem?.message ?? 'What was restored, and where the report is:',
      ...(problem && { nextSteps: [problem.remedy] }),
      keywords: Object.entries(values).flat(),
    },
    metadata: {
      threadId: detail('requestId'),
      summary: title,
      eventType: told,
      additionalContext: Object.fromEntries(
        Object.entries(values).map(([name, value]) => [name.replaceAll(' ', '_'), value]),
      ),
    },
  };
}
