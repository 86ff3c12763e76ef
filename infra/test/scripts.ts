import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const INFRA = join(import.meta.dirname, '..');
const TSX = join(INFRA, 'node_modules', 'tsx', 'dist', 'loader.mjs');

/** What a program that is called in place of another does, in the shell: by the beginning of its command line. */
export type Does = Readonly<Record<string, string>>;

/** What a script came to. */
export interface Came {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The command lines of the programs that it called, in their order. */
  readonly calls: string[];
}

/** Answers this. */
export const says = (answer: unknown): string => `echo '${JSON.stringify(answer)}'`;

/** Is refused as the AWS CLI is. */
export const refuses = (code: string, message = code): string =>
  `echo 'An error occurred (${code}) when calling the operation: ${message}' >&2; exit 254`;

/** Sends a signal to the script that called this program. */
export const interrupts = (signal: string): string => `kill -s ${signal} $PPID`;

/** Runs on until it is ended; if nobody does that in a minute, it notes so. */
export const RUNS_ON = "for try in $(seq 600); do sleep 0.1; done; echo 'ran on' >> $HERE/calls";

/** `app` in place of the CDK app: a manifest alone. */
const APP = `mkdir -p "$CDK_OUTDIR"; echo '${JSON.stringify({
  artifacts: {
    TenantRestore: {
      properties: {
        requiresBootstrapStackVersion: 6,
        bootstrapStackVersionSsmParameter: '/cdk-bootstrap/hnb659fds/version',
      },
    },
  },
})}' > "$CDK_OUTDIR/manifest.json"`;

/**
 * Runs `deploy` or `destroy` as a process of its own, beside an AWS CLI and a CDK that note how they are called and do what
 * they are told here. `$HERE` is a folder in which they may keep what they know.
 */
export async function script(name: 'deploy' | 'destroy', given: Given): Promise<Came> {
  const here = mkdtempSync(join(tmpdir(), 'script-'));
  try {
    const programs = join(here, 'infra', 'node_modules', '.bin');
    mkdirSync(programs, { recursive: true });
    cpSync(join(INFRA, 'deployment'), join(here, 'infra', 'deployment'), { recursive: true });
    for (const shared of ['lib', 'package.json']) symlinkSync(join(INFRA, shared), join(here, 'infra', shared));
    const log = join(here, 'calls');
    program(join(programs, 'cdk'), 'cdk', { ...given.cdk }, log);
    program(join(programs, 'tsx'), 'app', { '': APP }, log);
    program(join(here, 'aws'), 'aws', given.aws, log);
    const settings = join(here, 'settings.json');
    writeFileSync(settings, JSON.stringify(given.settings));
    const child = spawn(process.execPath, ['--import', TSX, join(here, 'infra', 'deployment', `${name}.ts`)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: `${here}:${process.env.PATH ?? ''}`, SETTINGS: settings, HERE: here, ...given.environment },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const status = await new Promise<number | null>((resolve, reject) =>
      child.on('close', resolve).on('error', reject),
    );
    const calls = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
    return { status, stdout, stderr, calls };
  } finally {
    rmSync(here, { recursive: true });
  }
}

export interface Given {
  readonly settings: Record<string, unknown>;
  readonly aws: Does;
  readonly cdk?: Does;
  readonly environment?: Record<string, string>;
}

/** Writes a program that notes its command line and does what stands under the first beginning that fits. */
function program(file: string, name: string, does: Does, log: string): void {
  const cases = Object.entries(does).map(([beginning, deed]) => `'${beginning}'*) ${deed} ;;`);
  const unknown = `*) echo "unexpected call: ${name} $*" >&2; exit 255 ;;`;
  const lines = ['#!/bin/sh', `echo "${name} $*" >> ${log}`, 'case "$*" in', ...cases, unknown, 'esac'];
  writeFileSync(file, lines.join('\n'), { mode: 0o755 });
}
