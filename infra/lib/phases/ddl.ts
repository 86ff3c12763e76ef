import {
  allow,
  readClusters,
  readInstances,
  runWorkers,
  sourceSecrets,
  temporarySecrets,
  useKey,
} from '../permissions.ts';
import { temporaryDatabases, workersOf } from '../wakes.ts';
import type { Phase } from './phase.ts';

/** Woken by its extract and apply tasks, and by the temporary database's new password; hands on to migrate. */
export const ddl: Phase = {
  name: 'ddl',
  purpose: 'Makes the credentials, extracts the DDL and applies what comes before the rows',
  wakes: (pipeline) => [temporaryDatabases(pipeline), workersOf('ddl', pipeline)],
  permissions: (pipeline) => [
    readInstances(pipeline),
    allow(['rds:ModifyDBInstance'], [pipeline.names.rds('db', `${pipeline.names.temporary}*`)]),
    // The master of Aurora is the cluster's, which also shows whether its new password is set yet.
    readClusters(pipeline),
    allow(['rds:ModifyDBCluster'], [pipeline.names.rds('cluster', `${pipeline.names.temporary}*`)]),
    temporarySecrets(pipeline, 'CreateSecret', 'DescribeSecret', 'GetSecretValue', 'TagResource'),
    // Which version was current at the restore point; its value only the worker reads.
    ...sourceSecrets(pipeline, 'ListSecretVersionIds'),
    ...useKey(pipeline.kmsKeyArn, pipeline.region, ['secretsmanager'], ['kms:Decrypt', 'kms:GenerateDataKey']),
    ...runWorkers(pipeline),
  ],
};
