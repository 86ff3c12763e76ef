import { allow, readInstances, runWorkers, sourceSecrets, tellOutcome } from '../permissions.ts';
import { requests, workersOf } from '../wakes.ts';
import type { Phase } from './phase.ts';

/** Woken by requests and by the end of its preflight task; hands on to provision, and to migrate when DMS will be needed. */
export const intake: Phase = {
  name: 'intake',
  purpose: 'Validates a request, opens its record and runs the preflight',
  wakes: (pipeline) => [requests(), workersOf('intake', pipeline)],
  permissions: (pipeline) => [
    readInstances(pipeline),
    allow(
      [
        'rds:DescribeDBClusterAutomatedBackups',
        'rds:DescribeDBClusterSnapshots',
        'rds:DescribeDBClusters',
        'rds:DescribeDBInstanceAutomatedBackups',
        'rds:DescribeDBSnapshots',
        'rds:ListTagsForResource',
      ],
      ['db', 'cluster', 'snapshot', 'cluster-snapshot', 'auto-backup', 'cluster-auto-backup'].map((kind) =>
        pipeline.names.rds(kind, '*'),
      ),
    ),
    // The account's quotas, which belong to no resource.
    allow(['rds:DescribeAccountAttributes', 'dms:DescribeAccountAttributes'], ['*']),
    ...sourceSecrets(pipeline, 'DescribeSecret'),
    ...runWorkers(pipeline),
    // A rejected request has no other phase to tell its outcome.
    ...tellOutcome(pipeline),
  ],
};
