import { allow, OPTED_IN, readInstances, taggedAsOurs, useKey } from '../permissions.ts';
import { temporaryDatabases } from '../wakes.ts';
import type { Phase } from './phase.ts';

/** Woken by the restored instance's events; hands on to ddl. */
export const provision: Phase = {
  name: 'provision',
  purpose: 'Creates the temporary database from the point in time',
  wakes: (pipeline) => [temporaryDatabases(pipeline)],
  permissions: (pipeline) => {
    const { names, placement, source, kmsKeyArn, region } = pipeline;
    const restore = ['rds:RestoreDBInstanceToPointInTime'];
    return [
      // What is made: under our names, in our subnets, tagged as ours.
      allow(
        restore,
        [
          names.rds('db', `${names.temporary}*`),
          names.rds('subgrp', placement.databaseSubnetGroup),
          names.rds('pg', '*'),
          names.rds('og', '*'),
        ],
        taggedAsOurs(pipeline),
      ),
      // What it is made from: the default source, or one that has opted in.
      allow(restore, [names.rds('db', source.identifier)]),
      allow(restore, [names.rds('db', '*'), names.rds('auto-backup', '*')], OPTED_IN),
      readInstances(pipeline, 'rds:ListTagsForResource'),
      allow(['rds:AddTagsToResource'], [names.rds('db', `${names.temporary}*`)]),
      ...useKey(kmsKeyArn, region, ['rds'], ['kms:CreateGrant', 'kms:DescribeKey']),
    ];
  },
};
