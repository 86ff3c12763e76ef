import type { PhaseName } from '../names.ts';
import { cleanup } from './cleanup.ts';
import { complete } from './complete.ts';
import { ddl } from './ddl.ts';
import { finalize } from './finalize.ts';
import { intake } from './intake.ts';
import { migrate } from './migrate.ts';
import type { Phase } from './phase.ts';
import { provision } from './provision.ts';

/** Every phase by its name. */
export const PHASE: Readonly<Record<PhaseName, Phase>> = {
  intake,
  provision,
  ddl,
  migrate,
  finalize,
  cleanup,
  complete,
};
