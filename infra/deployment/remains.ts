/** What would be lost, or left without anybody who looks after it, if a deployment went now. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Place } from './place.ts';
import type { Settings } from './settings.ts';

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
  /** Messages that nobody has handled yet, in intake's queue. */
  readonly requests: number;
  /** Letters in the queue `dead`. */
  readonly letters: number;
  /** Whether the bucket holds files. */
  readonly files: boolean;
}

/** What speaks against removing it, each with its remedy. */
export function obstacles({ sweep, requests, letters, files }: Remains, settings: Settings, bucket: string): string[] {
  const { deployment } = settings;
  const cli = `tenant-restore --deployment ${deployment}`;
  const found = [];
  if (sweep.unfinished > 0 || sweep.inUse > 0) {
    const what = `${sweep.unfinished} ${sweep.unfinished === 1 ? 'restore is' : 'restores are'} live`;
    found.push(
      `${what}, with ${sweep.inUse} temporary resources: wait, or \`${cli} cancel\`; \`${cli} list\` names them`,
    );
  }
  if (sweep.orphans.length > 0) {
    const names = sweep.orphans.map(({ kind, name }) => `${kind} ${name}`).join(', ');
    found.push(
      `nobody would delete ${names}: let the sweeper do it (aws lambda invoke --function-name ${deployment}-sweeper --payload '{}' …)`,
    );
  }
  if (requests > 0) found.push(`${requests} messages wait for intake, perhaps requests: look again in a moment`);
  if (letters > 0) found.push(`${letters} dead letters would be lost: \`${cli} dlq list\`, then replay or drop them`);
  if (files && settings.isRemoved) {
    found.push(
      `CloudFormation can't delete the bucket ${bucket} while it holds reports: \`aws s3 rm --recursive s3://${bucket}\``,
    );
  }
  return found;
}

/** Looks at a deployment. */
export async function remainsOf({ deployment }: Settings, place: Place, bucket: string): Promise<Remains> {
  const [sweep, requests, letters, files] = await Promise.all([
    sweepOf(deployment, place),
    lengthOf(`${deployment}-intake`, place),
    lengthOf(`${deployment}-dead`, place),
    holdsFiles(bucket, place),
  ]);
  return { sweep, requests, letters, files };
}

async function sweepOf(deployment: string, { aws }: Place): Promise<Sweep> {
  const folder = mkdtempSync(join(tmpdir(), 'sweep-'));
  const [order, answer] = [join(folder, 'order.json'), join(folder, 'found.json')];
  try {
    writeFileSync(order, JSON.stringify({ dryRun: true }));
    // By a file, since versions 1 and 2 of the AWS CLI read a payload on the command line differently.
    const payload = ['--function-name', `${deployment}-sweeper`, '--payload', `fileb://${order}`];
    const invoked = (await aws('lambda', 'invoke', ...payload, answer)) as { FunctionError?: string };
    const text = readFileSync(answer, 'utf8');
    if (invoked.FunctionError !== undefined) throw new Error(`the sweeper can't tell what is live: ${text}`);
    return JSON.parse(text) as Sweep;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Messages of a queue that wait or are being handled, not the delayed ones: only ticks are. SQS's figures are approximate. */
async function lengthOf(queue: string, { aws }: Place): Promise<number> {
  const { QueueUrl } = (await aws('sqs', 'get-queue-url', '--queue-name', queue)) as { QueueUrl: string };
  const names = ['', 'NotVisible'].map((kind) => `ApproximateNumberOfMessages${kind}`);
  const answer = await aws('sqs', 'get-queue-attributes', '--queue-url', QueueUrl, '--attribute-names', ...names);
  const { Attributes } = answer as { Attributes: Record<string, string> };
  return names.reduce((sum, name) => sum + Number(Attributes[name]), 0);
}

async function holdsFiles(bucket: string, { aws }: Place): Promise<boolean> {
  const answer = await aws('s3api', 'list-objects-v2', '--bucket', bucket, '--max-items', '1');
  return ((answer as { Contents?: unknown[] }).Contents ?? []).length > 0;
}
