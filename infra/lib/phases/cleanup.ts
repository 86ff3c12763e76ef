import {
  deleteDatabases,
  deleteReplication,
  describeReplication,
  files,
  listing,
  runWorkers,
  stopWorkers,
  tellOutcome,
  temporarySecrets,
} from '../permissions.ts';
import { replication, temporaryDatabases, workersOf } from '../wakes.ts';
import type { Phase } from './phase.ts';

/** Woken by everything that may go, and by what other phases gave up; hands on to complete. */
export const cleanup: Phase = {
  name: 'cleanup',
  purpose: 'Deletes every temporary resource of a restore and proves that it is gone',
  readsDeadLetters: true,
  wakes: (pipeline) => [temporaryDatabases(pipeline), replication(pipeline), workersOf('cleanup', pipeline)],
  permissions: (pipeline) => [
    ...runWorkers(pipeline),
    stopWorkers(pipeline),
    deleteReplication(pipeline),
    describeReplication(),
    ...deleteDatabases(pipeline),
    temporarySecrets(pipeline, 'DeleteSecret', 'DescribeSecret'),
    listing(pipeline, 'work'),
    files(pipeline, 'work', 'DeleteObject'),
    // A request that was given up before it became a restore has no other phase to tell its outcome.
    ...tellOutcome(pipeline),
  ],
};
