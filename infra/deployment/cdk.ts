import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from './place.ts';
import { run } from './aws.ts';
import type { Settings } from './settings.ts';

const INFRA = join(import.meta.dirname, '..');
const PROGRAMS = join(INFRA, 'node_modules', '.bin');

/** A cloud assembly, and what it needs of the account. */
export interface Assembly {
  readonly folder: string;
  readonly bootstrap: Bootstrap;
}

/** What `cdk bootstrap` leaves in account and region. */
export interface Bootstrap {
  readonly parameter: string;
  readonly version: number;
}

/**
 * Runs the app.
 *
 * @param environment what the app is told besides.
 * @throws with what it complains of.
 */
export async function synthesize(
  settings: Settings,
  place: Place,
  environment: Record<string, string> = {},
): Promise<Assembly> {
  const folder = join(INFRA, 'cdk.out', settings.deployment);
  const app = await run(join(PROGRAMS, 'tsx'), [join(INFRA, 'bin', 'app.ts')], {
    CDK_OUTDIR: folder,
    CDK_CONTEXT_JSON: JSON.stringify(settings.context),
    CDK_DEFAULT_ACCOUNT: place.account,
    CDK_DEFAULT_REGION: place.region,
    ...environment,
  });
  if (app.status !== 0) throw new Error(complaint(app.stderr));
  return { folder, bootstrap: bootstrapOf(folder, settings.stackName) };
}

/** The message of the error that ended the app, without the stack of its calls. */
function complaint(stderr: string): string {
  return /^Error: ([^]*?)\n +at /m.exec(stderr)?.[1] ?? stderr;
}

function bootstrapOf(folder: string, stackName: string): Bootstrap {
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
    artifacts: Record<
      string,
      { properties: { requiresBootstrapStackVersion: number; bootstrapStackVersionSsmParameter: string } } | undefined
    >;
  };
  const stack = manifest.artifacts[stackName];
  if (stack === undefined) throw new Error(`the app made no stack ${stackName}`);
  const { requiresBootstrapStackVersion: version, bootstrapStackVersionSsmParameter: parameter } = stack.properties;
  return { version, parameter };
}

/**
 * Runs a command of the CDK where a person sees and answers it.
 *
 * @param signal ends it; a person's Ctrl-C reaches it by itself.
 * @throws when it fails.
 */
export async function cdk(place: Place, command: string[], signal?: AbortSignal): Promise<void> {
  const child = spawn(join(PROGRAMS, 'cdk'), [...command, '--no-notices', '--no-version-reporting'], {
    stdio: 'inherit',
    env: {
      ...process.env,
      AWS_REGION: place.region,
      AWS_DEFAULT_REGION: place.region,
      // The lock file chooses the version.
      CDK_DISABLE_VERSION_CHECK: '1',
      // What the SDK inside says of Node.js 20, which the CDK supports.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
  });
  signal?.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  const status = await new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject));
  if (status !== 0) throw new Error(`cdk ${command[0] ?? ''} failed`);
}
