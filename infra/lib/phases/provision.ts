import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  allow,
  lendKey,
  OPTED_IN,
  readClusters,
  readInstances,
  readParameterGroups,
  taggedAsOurs,
} from '../permissions.ts';
import type { Pipeline } from '../pipeline.ts';
import { temporaryDatabases } from '../wakes.ts';
import type { Phase } from './phase.ts';

/** Woken by the events of the temporary instance and cluster; hands on to ddl. */
export const provision: Phase = {
  name: 'provision',
  purpose: 'Creates the temporary database from the point in time or the snapshot',
  wakes: (pipeline) => [temporaryDatabases(pipeline)],
  permissions: (pipeline) => {
    const { names, kmsKeyArn, region } = pipeline;
    const ours = (kind: string) => names.rds(kind, `${names.temporary}*`);
    return [
      ...restoreDatabases(pipeline),
      ...deriveParameterGroups(pipeline),
      // The writer of a restored cluster.
      allow(['rds:CreateDBInstance'], [ours('db'), ours('cluster'), ours('pg')], taggedAsOurs(pipeline)),
      // One without capacity, before the next is made elsewhere.
      allow(['rds:DeleteDBInstance'], [ours('db')]),
      readInstances(pipeline, 'rds:ListTagsForResource'),
      readClusters(pipeline),
      // The zones to try when one has no capacity.
      allow(['rds:DescribeDBSubnetGroups'], [names.rds('subgrp', pipeline.placement.databaseSubnetGroup)]),
      allow(['rds:AddTagsToResource'], ['db', 'cluster', 'pg', 'cluster-pg'].map(ours)),
      ...lendKey(kmsKeyArn, region, 'rds'),
    ];
  },
};

function restoreDatabases(pipeline: Pipeline): PolicyStatement[] {
  const { names, placement, source } = pipeline;
  const instance = ['rds:RestoreDBInstanceFromDBSnapshot', 'rds:RestoreDBInstanceToPointInTime'];
  const cluster = ['rds:RestoreDBClusterFromSnapshot', 'rds:RestoreDBClusterToPointInTime'];
  const ours = (kind: string) => names.rds(kind, `${names.temporary}*`);
  const subnets = names.rds('subgrp', placement.databaseSubnetGroup);
  return [
    // What is made: under our names, in our subnets, tagged as ours.
    allow(instance, [ours('db'), subnets, names.rds('pg', '*'), names.rds('og', '*')], taggedAsOurs(pipeline)),
    allow(cluster, [ours('cluster'), subnets, ours('cluster-pg')], taggedAsOurs(pipeline)),
    // What it is made from: the default source, or one that has opted in. Intake proves that a snapshot is a source's.
    allow(instance, [names.rds('db', source.identifier), names.rds('snapshot', '*')]),
    allow(cluster, [names.rds('cluster', source.identifier), names.rds('cluster-snapshot', '*')]),
    allow(instance, [names.rds('db', '*'), names.rds('auto-backup', '*')], OPTED_IN),
    allow(cluster, [names.rds('cluster', '*'), names.rds('cluster-auto-backup', '*')], OPTED_IN),
  ];
}

/** Read a source's parameters, make a group of them that is ours. */
function deriveParameterGroups(pipeline: Pipeline): PolicyStatement[] {
  const { names } = pipeline;
  const ours = (kind: string) => names.rds(kind, `${names.temporary}*`);
  return [
    allow(['rds:CreateDBParameterGroup'], [ours('pg')], taggedAsOurs(pipeline)),
    allow(['rds:CreateDBClusterParameterGroup'], [ours('cluster-pg')], taggedAsOurs(pipeline)),
    allow(['rds:ModifyDBParameterGroup'], [ours('pg')]),
    allow(['rds:ModifyDBClusterParameterGroup'], [ours('cluster-pg')]),
    allow(['rds:DescribeDBParameters'], [names.rds('pg', '*')]),
    allow(['rds:DescribeDBClusterParameters'], [names.rds('cluster-pg', '*')]),
    ...readParameterGroups(pipeline),
  ];
}
