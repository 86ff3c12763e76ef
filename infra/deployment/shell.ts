import { join } from 'node:path';

/** What the Makefile passes on. */
export interface Order {
  /** The file of settings. */
  readonly settings: string;
  /** Where `make build` leaves the release artifacts. */
  readonly dist: string;
  /** Changes of rights that the CDK asks about before it deploys. */
  readonly approval: string;
  /** The deployment that is to go, in the words of whoever says so. */
  readonly confirm: string;
}

/** @throws with how it is called, if there are no settings. */
export function orderOf(usage: string): Order {
  const { SETTINGS = '', APPROVAL = '', CONFIRM = '' } = process.env;
  if (SETTINGS === '') throw new Error(`usage: ${usage}\ninfra/README.md says what the file holds`);
  return {
    settings: SETTINGS,
    dist: process.env.DIST ?? join(import.meta.dirname, '..', '..', 'dist'),
    approval: APPROVAL,
    confirm: CONFIRM,
  };
}

/** Runs a command; what ends it early is told without the stack of its calls. */
export function begin(command: () => Promise<void>): void {
  command().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}

/** @throws with all of them, if there are any. */
export function refuseAll(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new Error(['nothing was changed:', ...problems].join('\n  '));
}
