/** What would be lost, or left without anybody who looks after it, if a deployment went now. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unless } from './aws.ts';
import type { Deployed } from './deployed.ts';
import type { Place } from './place.ts';
import { type Database, protectedOf, unprotected } from './protection.ts';

/** What a sweep that only reports answers (`handlers/lambda/src/sweeper/report.rs`). */
export interface Sweep {
  /** Restores that haven't told their outcome. */
  readonly unfinished: number;
  /** Temporary resources of live restores. */
  readonly inUse: number;
  readonly orphans: readonly { readonly kind: string; readonly name: string }[];
}

/** What is there of a deployment. */
export interface Remains {
  readonly sweep: Sweep;
  /** Messages that nobody has handled yet, by their queue: requests may be among them. */
  readonly waiting: Readonly<Record<string, number>>;
  /** Letters in the queue `dead`. */
  readonly letters: number;
  /** Whether the bucket holds files. */
  readonly files: boolean;
  /** Databases of the stack that can't be deleted. */
  readonly protectedDatabases: readonly Database[];
}

/** Seconds to wait for a sweep, which may take the five minutes of its function; the AWS CLI gives up after one by itself. */
const ANSWERS_WITHIN = 320;

/** What speaks against removing it, each with its remedy. */
export function obstacles(remains: Remains, { deployment, bucket, keepsData }: Deployed): string[] {
  const { sweep, waiting, letters, files } = remains;
  const cli = `tenant-restore --deployment ${deployment}`;
  const found = [];
  if (sweep.unfinished > 0 || sweep.inUse > 0) {
    const what = `${sweep.unfinished} ${sweep.unfinished === 1 ? 'restore or plan is' : 'restores or plans are'} live`;
    found.push(
      `${what}, with ${sweep.inUse} temporary resources: wait, or \`${cli} cancel\`; \`${cli} list --live\` names the restores`,
    );
  }
  if (sweep.orphans.length > 0) {
    const names = sweep.orphans.map(({ kind, name }) => `${kind} ${name}`).join(', ');
    found.push(
      `nobody would delete ${names}: let the sweeper do it (aws lambda invoke --function-name ${deployment}-sweeper --cli-read-timeout ${ANSWERS_WITHIN} --payload '{}' …)`,
    );
  }
  for (const [queue, count] of Object.entries(waiting).filter(([, count]) => count > 0)) {
    found.push(`${count} messages wait in ${queue}, perhaps requests: look again in a quarter of an hour`);
  }
  if (letters > 0) found.push(`${letters} dead letters would be lost: \`${cli} dlq list\`, then replay or drop them`);
  if (files && !keepsData) {
    found.push(
      `CloudFormation can't delete the bucket ${bucket} while it holds reports: \`aws s3 rm --recursive s3://${bucket}\``,
    );
  }
  return [...found, ...remains.protectedDatabases.map(unprotected)];
}

const NOTHING: Sweep = { unfinished: 0, inUse: 0, orphans: [] };

/** Looks at a deployment. What isn't there any more, after a removal that was broken off, holds nothing. */
export async function remainsOf(deployed: Deployed, place: Place): Promise<Remains> {
  const { deployment, bucket, isPartial } = deployed;
  // A request that AWS throttled waits in intake's queue again; a letter that isn't handled yet may be a request, too.
  const queues = ['intake', 'dlq', 'undelivered-intake-requests'].map((name) => `${deployment}-${name}`);
  const [sweep, letters, files, protectedDatabases, ...lengths] = await Promise.all([
    sweepOf(deployment, isPartial, place),
    lengthOf(`${deployment}-dead`, place),
    holdsFiles(bucket, place),
    protectedOf(deployed.databases, place.aws),
    ...queues.map((queue) => lengthOf(queue, place)),
  ]);
  const waiting = Object.fromEntries(queues.map((queue, position) => [queue, lengths[position] ?? 0]));
  return { sweep, waiting, letters, files, protectedDatabases };
}

/** Without a sweeper nobody can tell what is live: only of a stack that is half gone already is that no obstacle. */
async function sweepOf(deployment: string, isPartial: boolean, { aws }: Place): Promise<Sweep> {
  const folder = mkdtempSync(join(tmpdir(), 'sweep-'));
  const [order, answer] = [join(folder, 'order.json'), join(folder, 'found.json')];
  try {
    writeFileSync(order, JSON.stringify({ dryRun: true }));
    // By a file, since versions 1 and 2 of the AWS CLI read a payload on the command line differently.
    const payload = ['--function-name', `${deployment}-sweeper`, '--payload', `fileb://${order}`];
    const patience = ['--cli-read-timeout', String(ANSWERS_WITHIN)];
    const call = aws('lambda', 'invoke', ...payload, ...patience, answer);
    const invoked = await unless<{ FunctionError?: string }>(isPartial ? ['ResourceNotFoundException'] : [], call);
    if (invoked === undefined) return NOTHING;
    const text = readFileSync(answer, 'utf8');
    if (invoked.FunctionError !== undefined) {
      const remedy = `see its log group /aws/lambda/${deployment}-sweeper`;
      throw new Error(`nothing was changed: the sweeper can't tell what is live, ${remedy}: ${text}`);
    }
    return JSON.parse(text) as Sweep;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Messages of a queue, also those that are delayed or being handled. SQS's figures are approximate. */
async function lengthOf(queue: string, { aws }: Place): Promise<number> {
  const absent = ['AWS.SimpleQueueService.NonExistentQueue', 'QueueDoesNotExist'];
  const found = await unless<{ QueueUrl: string }>(absent, aws('sqs', 'get-queue-url', '--queue-name', queue));
  if (found === undefined) return 0;
  const names = ['', 'NotVisible', 'Delayed'].map((kind) => `ApproximateNumberOfMessages${kind}`);
  const answer = await aws('sqs', 'get-queue-attributes', '--queue-url', found.QueueUrl, '--attribute-names', ...names);
  const { Attributes } = answer as { Attributes: Record<string, string> };
  return names.reduce((sum, name) => sum + Number(Attributes[name]), 0);
}

async function holdsFiles(bucket: string, { aws }: Place): Promise<boolean> {
  const call = aws('s3api', 'list-objects-v2', '--bucket', bucket, '--max-items', '1');
  const answer = await unless<{ Contents?: unknown[] }>(['NoSuchBucket'], call);
  return (answer?.Contents ?? []).length > 0;
}
