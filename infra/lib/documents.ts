/**
 * Settings that the functions read as JSON. They refuse to start with a name or value that they don't know, which would
 * show after the deployment.
 */
type Shape = Leaf | { readonly list: Leaf } | { readonly by: Leaf } | Fields;
interface Fields {
  readonly fields: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
}
type Leaf = keyof typeof LEAVES;

const LEAVES = {
  seconds: ['a number of seconds', (value: unknown) => Number.isInteger(value) && Number(value) >= 0],
  count: ['a whole number from 1', (value: unknown) => Number.isInteger(value) && Number(value) >= 1],
  price: ['a number of dollars', (value: unknown) => typeof value === 'number' && value >= 0],
  name: ['a text', (value: unknown) => typeof value === 'string' && value !== ''],
  instanceClass: ['a class such as db.m6g.large', (value: unknown) => /^db\.[\w-]+\.[\w-]+$/.test(String(value))],
} as const satisfies Record<string, readonly [string, (value: unknown) => boolean]>;

const each = (names: readonly string[], leaf: Leaf): Record<string, Shape> =>
  Object.fromEntries(names.map((name) => [name, leaf]));
const by = (leaf: Leaf): Shape => ({ by: leaf });

const CLASSES: Fields = { fields: { class: 'instanceClass', fallbacks: { list: 'instanceClass' } } };

/** The names are those of `Pace`, `Limits`, `DatabaseWishes` and `PriceList` in `handlers/`. */
export const DOCUMENTS: Readonly<Record<string, Fields>> = {
  pace: {
    fields: each(
      [
        ...['slowFirst', 'slowMost', 'quickFirst', 'quickMost', 'databaseDeadline', 'workDeadline'],
        ...['admissionDeadline', 'otherDeadline', 'cleanupDeadline', 'hold'],
      ],
      'seconds',
    ),
  },
  admission: { fields: each(['overall', 'perSource'], 'count') },
  databases: {
    fields: {
      instance: CLASSES,
      writer: CLASSES,
      storage: { fields: { storageType: 'name', iops: 'count' }, required: ['storageType'] },
    },
  },
  prices: {
    fields: {
      name: 'name',
      ...{ databases: by('price'), storage: by('price'), aurora: by('price'), replicationInstances: by('price') },
      ...each(['capacityUnit', 'taskCpu', 'taskGigabyte', 'secret'], 'price'),
    },
  },
};

/** What is wrong with those that are there, each with where it stands. */
export function problemsOfDocuments(context: Readonly<Record<string, string>>): string[] {
  return Object.entries(DOCUMENTS).flatMap(([key, shape]) => {
    const text = context[key];
    if (text === undefined) return [];
    const value = parsed(text);
    return isObject(value) ? problemsOf(key, value, shape) : [`${key} must be a JSON object, not ${text}`];
  });
}

function problemsOf(at: string, value: unknown, shape: Shape): string[] {
  if (typeof shape === 'string') {
    const [meaning, fits] = LEAVES[shape];
    return fits(value) ? [] : [`${at} must be ${meaning}, not ${JSON.stringify(value)}`];
  }
  if ('list' in shape) {
    if (!Array.isArray(value)) return [`${at} must be a list, not ${JSON.stringify(value)}`];
    return value.flatMap((one, position) => problemsOf(`${at}[${position}]`, one, shape.list));
  }
  if (!isObject(value)) return [`${at} must be a JSON object, not ${JSON.stringify(value)}`];
  if ('by' in shape) return Object.entries(value).flatMap(([name, one]) => problemsOf(`${at}.${name}`, one, shape.by));
  return problemsOfFields(at, value, shape);
}

function problemsOfFields(at: string, value: Record<string, unknown>, { fields, required = [] }: Fields): string[] {
  const missing = required.filter((name) => !(name in value)).map((name) => `${at} must have ${name}`);
  const found = Object.entries(value).flatMap(([name, one]) => {
    const shape = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (shape === undefined) return [`${at} has ${name}; only ${Object.keys(fields).join(', ')} are known`];
    return problemsOf(`${at}.${name}`, one, shape);
  });
  return [...missing, ...found];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
