import { runWorkers } from '../permissions.ts';
import { workersOf } from '../wakes.ts';
import type { Phase } from './phase.ts';

/** Woken by its tasks; hands on to cleanup. */
export const finalize: Phase = {
  name: 'finalize',
  purpose: 'Applies what comes after the rows and validates the result',
  wakes: (pipeline) => [workersOf('finalize', pipeline)],
  permissions: (pipeline) => runWorkers(pipeline),
};
