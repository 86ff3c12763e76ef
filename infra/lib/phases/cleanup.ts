import {
  allow,
  deleteReplication,
  describeReplication,
  files,
  listing,
  readInstances,
  runWorkers,
  stopWorkers,
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
  permissions: (pipeline) => {
    const { names } = pipeline;
    return [
      ...runWorkers(pipeline),
      stopWorkers(pipeline),
      deleteReplication(pipeline),
      describeReplication('dms:DescribeConnections'),
      // Never a source: our prefix alone can be deleted.
      allow(['rds:DeleteDBInstance'], [names.rds('db', `${names.temporary}*`)]),
      readInstances(pipeline, 'rds:ListTagsForResource'),
      temporarySecrets(pipeline, 'DeleteSecret', 'DescribeSecret'),
      listing(pipeline, 'work'),
      files(pipeline, 'work', 'DeleteObject'),
    ];
  },
};
