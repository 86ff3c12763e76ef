import { allow, files, results, tellOutcome } from '../permissions.ts';
import type { Phase } from './phase.ts';

/** Woken by its command alone; tells the outcome. */
export const complete: Phase = {
  name: 'complete',
  purpose: 'Closes the record and tells the outcome',
  wakes: () => [],
  permissions: (pipeline) => [
    // The log, for the report; the claims of names are given back.
    allow(['dynamodb:DeleteItem', 'dynamodb:Query'], [pipeline.table.tableArn]),
    ...tellOutcome(pipeline),
    ...results(pipeline),
    files(pipeline, 'audit', 'PutObject'),
  ],
};
