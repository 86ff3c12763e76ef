import { Token } from 'aws-cdk-lib';
import type { Publisher } from './props.ts';

/** The event source of all that the pipeline announces, in every deployment. */
export const OUR_SOURCE = 'tenant-restore';

const NO_PRINCIPAL = 'must name in principal the ARN of a role, a user or the root of an account';
const NO_SOURCES = 'must hold in as a list of event sources';

/**
 * Who may publish, from JSON: `{"<id>": {"principal": "<ARN>", "as": ["<event source>"]}}`.
 *
 * @throws with the first entry that is none, since one that is misread may let in too many.
 */
export function readPublishers(text: string): Publisher[] {
  const publishers: unknown = JSON.parse(text);
  if (!isObject(publishers)) throw new Error('must be a JSON object of publishers by name');
  const read = Object.entries(publishers).map(([id, entry]) => {
    if (!isObject(entry)) throw new Error(`${id} must be a JSON object`);
    const unknown = Object.keys(entry).find((key) => !['principal', 'as'].includes(key));
    if (unknown !== undefined) throw new Error(`${id} has ${unknown}; only principal and as are known`);
    const { principal, as } = entry;
    if (typeof principal !== 'string') throw new Error(`${id} ${NO_PRINCIPAL}`);
    if (as !== undefined && !isListOfNames(as)) throw new Error(`${id} ${NO_SOURCES}`);
    return { id, principalArn: principal, ...(as && { eventSources: as }) };
  });
  checkPublishers(read);
  return read;
}

/**
 * Refuses what the policy of a bus couldn't hold as it is meant.
 *
 * @throws with the first such publisher.
 */
export function checkPublishers(publishers: readonly Publisher[]): void {
  if (publishers.length === 0) throw new Error('name one publisher at least: nobody could ask for anything');
  publishers.forEach((publisher, index) => {
    checkPublisher(publisher);
    for (const before of publishers.slice(0, index)) {
      if (before.id === publisher.id) throw new Error(`two publishers are called ${before.id}`);
      if (before.principalArn === publisher.principalArn) {
        throw new Error(`${before.id} and ${publisher.id} name the same principal`);
      }
    }
  });
}

/**
 * The same of one alone. A principal of a resource's policy takes no pattern (IAM user guide, "Principal"), and the number
 * of an account isn't how its principals are named in conditions.
 *
 * @throws with what is wrong.
 */
export function checkPublisher({ id, principalArn, eventSources }: Publisher): void {
  if (!/^[\w-]{1,48}$/.test(id)) throw new Error(`${id} must be of up to 48 letters, digits, hyphens and underscores`);
  const isWritten = !Token.isUnresolved(principalArn);
  if (isWritten && !/^arn:[\w-]+:iam::\d{12}:(root|(role|user)\/[^\s*?]+)$/.test(principalArn)) {
    throw new Error(`${id} ${NO_PRINCIPAL}`);
  }
  if (eventSources === undefined) return;
  if (!isListOfNames(eventSources)) throw new Error(`${id} ${NO_SOURCES}`);
  if (eventSources.includes(OUR_SOURCE))
    throw new Error(`${id} may not publish as ${OUR_SOURCE}: that is the pipeline`);
}

function isListOfNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string' && name !== '');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
