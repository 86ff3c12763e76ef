import type { Requesters } from './props.ts';

const LISTS = ['sources', 'targets', 'databases', 'schemas'];

/**
 * Who may request what, from JSON.
 *
 * @throws with the first thing that is no grant, since a grant that is misread may allow too much.
 */
export function readRequesters(text: string): Requesters {
  const requesters: unknown = JSON.parse(text);
  if (!isObject(requesters)) throw new Error('must be a JSON object of grants by event source');
  for (const [eventSource, grants] of Object.entries(requesters)) {
    if (!Array.isArray(grants)) throw new Error(`${eventSource} must be a list of grants`);
    for (const grant of grants as unknown[]) {
      const problem = problemOf(grant);
      if (problem !== undefined) throw new Error(`${eventSource} has a grant that ${problem}`);
    }
  }
  return requesters as Requesters;
}

function problemOf(grant: unknown): string | undefined {
  if (!isObject(grant)) return 'is no JSON object';
  for (const [key, names] of Object.entries(grant)) {
    if (!LISTS.includes(key)) return `limits ${key}; only ${LISTS.join(', ')} can be limited`;
    const isList = Array.isArray(names) && names.every((name) => typeof name === 'string' && name !== '');
    if (!isList) return `has something else than a list of names in ${key}`;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
