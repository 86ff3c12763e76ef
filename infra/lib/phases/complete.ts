import { files, results, tellOutcome } from '../permissions.ts';
import type { Phase } from './phase.ts';

/** Woken by its command alone; tells the outcome. */
export const complete: Phase = {
  name: 'complete',
  purpose: 'Closes the record and tells the outcome',
  wakes: () => [],
  permissions: (pipeline) => [...tellOutcome(pipeline), ...results(pipeline), files(pipeline, 'audit', 'PutObject')],
};
