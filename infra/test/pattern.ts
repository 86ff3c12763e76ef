/** An event as far as patterns look at it. */
export interface AwsEvent {
  readonly source: string;
  readonly 'detail-type': string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

type Matcher = string | { readonly prefix: string };

/**
 * EventBridge's matching as far as our patterns use it: exact values and prefixes, any of a list, every field.
 *
 * @throws on a matcher it doesn't know, so that a new kind of pattern can't pass unchecked.
 */
export function matches(pattern: Readonly<Record<string, unknown>>, event: object): boolean {
  return Object.entries(pattern).every(([field, expected]) => {
    const actual = (event as Record<string, unknown>)[field];
    if (Array.isArray(expected))
      return values(actual).some((value) => expected.some((m: Matcher) => accepts(m, value)));
    return typeof actual === 'object' && actual !== null && matches(expected as Record<string, unknown>, actual);
  });
}

function values(actual: unknown): unknown[] {
  return Array.isArray(actual) ? actual : [actual];
}

function accepts(matcher: Matcher, value: unknown): boolean {
  if (typeof matcher === 'string') return matcher === value;
  if (Object.keys(matcher).join() !== 'prefix') throw new Error(`unknown matcher ${JSON.stringify(matcher)}`);
  return typeof value === 'string' && value.startsWith(matcher.prefix);
}
