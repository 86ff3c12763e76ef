import type { Publisher } from './props.ts';

/**
 * Who may publish, from JSON: `{"<id>": {"principal": "<ARN>", "as": ["<event source>"]}}`.
 *
 * @throws with the first entry that is none, since one that is misread may let in too many.
 */
export function readPublishers(text: string): Publisher[] {
  const publishers: unknown = JSON.parse(text);
  if (!isObject(publishers)) throw new Error('must be a JSON object of publishers by name');
  return Object.entries(publishers).map(([id, entry]) => {
    if (!/^[\w-]{1,64}$/.test(id)) throw new Error(`${id} must be of letters, digits, hyphens and underscores`);
    if (!isObject(entry)) throw new Error(`${id} must be a JSON object`);
    const unknown = Object.keys(entry).find((key) => !['principal', 'as'].includes(key));
    if (unknown !== undefined) throw new Error(`${id} has ${unknown}; only principal and as are known`);
    const { principal, as } = entry;
    if (typeof principal !== 'string' || !/^arn:[\w-]+:iam::\d{12}:(root|(role|user)\/\S+)$/.test(principal)) {
      throw new Error(`${id} must name in principal the ARN of a role, a user or the root of an account`);
    }
    if (as !== undefined && !isListOfNames(as)) throw new Error(`${id} must hold in as a list of event sources`);
    return { id, principalArn: principal, ...(as && { eventSources: as }) };
  });
}

function isListOfNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string' && name !== '');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
