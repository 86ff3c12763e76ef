import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a run of the app came to. */
export interface Run {
  readonly status: number | null;
  readonly stderr: string;
  /** Where it wrote its cloud assembly. */
  readonly out: string;
  readonly seconds: number;
}

/** Runs the app as a person would, without the CDK command line. */
export async function run(values: Record<string, unknown>, environment: Record<string, string> = {}): Promise<Run> {
  const out = mkdtempSync(join(tmpdir(), 'cdk-'));
  const began = performance.now();
  const app = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, '../bin/app.ts')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, CDK_OUTDIR: out, CDK_CONTEXT_JSON: JSON.stringify(values), ...environment },
  });
  let stderr = '';
  app.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const status = await new Promise<number | null>((resolve, reject) => app.on('close', resolve).on('error', reject));
  return { status, stderr, out, seconds: (performance.now() - began) / 1000 };
}
