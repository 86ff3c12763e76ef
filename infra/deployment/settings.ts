import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ARTIFACTS, ATTACHMENT, ATTACHMENT_SETTINGS, NO_SETTING, SETTINGS } from '../lib/context.ts';
import { DEMONSTRATION_KEYS } from '../lib/demonstration/keys.ts';
import { problemsOfForm } from '../lib/forms.ts';
import { demonstrationNameOf, stackNameOf } from '../lib/stack.ts';

/** What a person writes down about one deployment: where it goes, and the context of the app. */
export interface Settings {
  /** Account that it belongs to; whoever has the credentials of another is stopped. */
  readonly account?: string;
  readonly region?: string;
  readonly deployment: string;
  readonly deploymentTag: string;
  readonly stackName: string;
  /** Whether it brings a database of its own. */
  readonly isDemonstration: boolean;
  /** Whether table, bucket and logs go with the stack. */
  readonly isRemoved: boolean;
  /** What the app is told, paths made absolute. */
  readonly context: Readonly<Record<string, string>>;
}

const OWN = ['account', 'region'];
const PATHS = ['lambdaArtifact', 'sampleArtifact'];

/**
 * Reads a file of settings. Artifacts that it doesn't name are those that `make build` leaves in `dist`; paths in it are
 * relative to the file.
 *
 * @throws with every problem of the file.
 */
export function readSettings(file: string, dist: string): Settings {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`the settings ${file} can't be read: ${(error as Error).message}`, { cause: error });
  }
  return parseSettings(text, { file, dist });
}

/** Where the text is from, and what it's held against. */
export interface Origin {
  readonly file: string;
  /** Where the release artifacts are. */
  readonly dist: string;
}

/** The settings in a text. @throws with every problem of it. */
export function parseSettings(text: string, { file, dist }: Origin): Settings {
  const given = parseObject(text, file);
  const problems = Object.keys(given)
    .filter((key) => !isKnown(key))
    .map((key) => `${key} ${NO_SETTING}`);
  const { account, region, ...rest } = stringified(given);
  if (account !== undefined && !/^\d{12}$/.test(account)) problems.push(`account must have 12 digits, not ${account}`);
  if (region !== undefined && !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) {
    problems.push(`region must be a region of AWS, such as eu-west-3, not ${region}`);
  }
  problems.push(...problemsOfForm(rest));
  if (problems.length > 0) throw new Error(`${file} is unusable:\n  ${problems.join('\n  ')}`);
  const isDemonstration = rest.selectedDatabase !== undefined;
  const context: Record<string, string> = {
    lambdaArtifact: resolve(dist, 'lambda'),
    workerImage: resolve(dist, 'image'),
    ...(isDemonstration && rest.samples !== 'false' && { sampleArtifact: resolve(dist, 'samples') }),
    ...rest,
  };
  for (const key of PATHS) {
    if (context[key] !== undefined) context[key] = resolve(dirname(file), context[key]);
  }
  // A folder, as the app tells one from an image's name.
  if (/^\.{0,2}\//.test(context.workerImage ?? ''))
    context.workerImage = resolve(dirname(file), context.workerImage ?? '');
  const deployment = rest.deployment ?? 'tenant-restore';
  return {
    ...(account !== undefined && { account }),
    ...(region !== undefined && { region }),
    deployment,
    deploymentTag: rest.deploymentTag ?? 'main',
    stackName: isDemonstration ? demonstrationNameOf(rest.deployment) : stackNameOf(deployment),
    isDemonstration,
    isRemoved: rest.removal === 'destroy',
    context,
  };
}

function parseObject(text: string, file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new Error(`${file} is no JSON: ${(error as Error).message}`, { cause: error });
  }
  throw new Error(`${file} must hold one JSON object`);
}

function isKnown(key: string): boolean {
  const ours: readonly string[] = [
    ...OWN,
    ...ATTACHMENT,
    ...ATTACHMENT_SETTINGS,
    ...ARTIFACTS,
    ...SETTINGS,
    ...DEMONSTRATION_KEYS,
  ];
  // Keys of the CDK itself, such as the qualifier of another bootstrap stack.
  return ours.includes(key) || key.startsWith('@aws-cdk/');
}

/** Context is text; what a person writes as a number, a truth value or an object means its JSON. */
function stringified(given: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(given).filter(([, value]) => value !== '' && value !== null);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}
