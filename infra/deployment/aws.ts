import { spawn } from 'node:child_process';

/** Calls AWS: a service, an operation and its options, as the AWS CLI takes them. Answers what AWS answers. */
export type Aws = (service: string, operation: string, ...options: string[]) => Promise<unknown>;

/** AWS refused a call. */
export class Refusal extends Error {
  constructor(
    /** The error code as AWS documents it; empty if the CLI failed before it asked. */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The AWS CLI, whose configuration (profile, region, endpoint) then counts as it does for everything else.
 *
 * @param region where to call; where the CLI itself is configured for, if it isn't given.
 */
export function awsCli(region?: string): Aws {
  return async (service, operation, ...options) => {
    const endpoint = process.env.AWS_ENDPOINT_URL;
    const command = [
      service,
      operation,
      ...options,
      '--output',
      'json',
      ...(endpoint ? ['--endpoint-url', endpoint] : []),
    ];
    const where: Record<string, string> =
      region === undefined ? {} : { AWS_REGION: region, AWS_DEFAULT_REGION: region };
    // An invocation that nobody heard the end of may still run: a second one would only come on top.
    const once: Record<string, string> = operation === 'invoke' ? { AWS_MAX_ATTEMPTS: '1' } : {};
    const { status, stdout, stderr } = await run('aws', command, { ...where, ...once, AWS_PAGER: '' });
    if (status !== 0) throw refusal(`aws ${service} ${operation}`, stderr);
    return stdout.trim() === '' ? {} : (JSON.parse(stdout) as unknown);
  };
}

/** What the AWS CLI said on its standard error when it was refused. */
export function refusal(call: string, stderr: string): Refusal {
  const code = /An error occurred \(([^)]+)\)/.exec(stderr)?.[1] ?? '';
  return new Refusal(code, `${call}: ${stderr.trim()}`);
}

/** What a call answers; nothing if AWS refuses it with one of these codes, since what it's about isn't there. */
export async function unless<T>(codes: readonly string[], call: Promise<unknown>): Promise<T | undefined> {
  try {
    return (await call) as T;
  } catch (error) {
    if (error instanceof Refusal && codes.includes(error.code)) return undefined;
    throw error;
  }
}

/** What a program came to. */
export interface Done {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. @throws when there is no such program. */
export async function run(program: string, options: string[], environment: Record<string, string> = {}): Promise<Done> {
  const child = spawn(program, options, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const status = await new Promise<number | null>((resolve, reject) =>
    child.on('close', resolve).on('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? new Error(`${program} is missing: install it`) : error);
    }),
  );
  return { status, stdout, stderr };
}
