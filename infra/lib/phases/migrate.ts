import {
  allow,
  describeReplication,
  files,
  lendKey,
  runWorkers,
  taggedAsOurs,
  temporarySecrets,
} from '../permissions.ts';
import { replication, workersOf } from '../wakes.ts';
import type { Phase } from './phase.ts';

/** Woken by its replication instance and tasks, and by its copy tasks; hands on to finalize. */
export const migrate: Phase = {
  name: 'migrate',
  purpose: 'Moves the rows, by DMS and by COPY',
  wakes: (pipeline) => [replication(pipeline), workersOf('migrate', pipeline)],
  permissions: (pipeline) => [
    // AWS knows resources of these two, but nobody has tried which ARN it holds a pattern against before they exist.
    allow(['dms:CreateEndpoint', 'dms:CreateReplicationInstance'], ['*'], taggedAsOurs(pipeline)),
    allow(['dms:CreateReplicationTask'], pipeline.names.dms('rep', 'endpoint', 'task'), taggedAsOurs(pipeline)),
    allow(
      [
        'dms:AddTagsToResource',
        'dms:DeleteReplicationInstance',
        'dms:DescribeTableStatistics',
        'dms:ListTagsForResource',
        'dms:StartReplicationTask',
        'dms:TestConnection',
      ],
      pipeline.names.dms('rep', 'endpoint', 'task'),
    ),
    // A creation with tags asks for this too (service authorization reference, API operations of DMS). Should AWS hold it
    // against an ARN without our name, the statement above wouldn't do, and no restore could use DMS.
    allow(['dms:AddTagsToResource'], pipeline.names.anyDms('rep', 'endpoint', 'task'), taggedAsOurs(pipeline)),
    describeReplication('dms:DescribeConnections'),
    ...lendSecretRole(pipeline.placement.secretRole.roleArn, pipeline.region),
    temporarySecrets(pipeline, 'DescribeSecret'),
    ...lendKey(pipeline.kmsKeyArn, pipeline.region, 'dms'),
    ...runWorkers(pipeline),
    // What DMS told of its tables, for the report.
    files(pipeline, 'audit', 'PutObject'),
  ],
};

/** Endpoints name the role by which DMS reads their secret; DMS asks for both actions of the caller. */
function lendSecretRole(roleArn: string, region: string) {
  return [
    allow(['iam:GetRole'], [roleArn]),
    allow(['iam:PassRole'], [roleArn], {
      StringEquals: { 'iam:PassedToService': ['dms.amazonaws.com', `dms.${region}.amazonaws.com`] },
    }),
  ];
}
