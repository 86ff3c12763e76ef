import { type EventPattern, Match } from 'aws-cdk-lib/aws-events';
import { REQUESTS } from './bus.ts';
import type { PhaseName } from './names.ts';
import type { Pipeline } from './pipeline.ts';

/** Where the events come from: our bus, or one of the services that work for us, on the account's default bus. */
export type Origin = 'requests' | 'rds' | 'dms' | 'ecs';

/** Events that wake a phase. Each becomes a rule of its own, named after phase and origin. */
export interface Wake {
  readonly origin: Origin;
  readonly pattern: EventPattern;
}

/** Requests of upstream systems, on our bus. */
export function requests(): Wake {
  return { origin: 'requests', pattern: { detailType: REQUESTS } };
}

/**
 * Events about temporary databases and their snapshots. A copy of "restored from snapshot" that names the snapshot as
 * its source falls through, harmless: events are hints.
 */
export function temporaryDatabases({ names }: Pipeline): Wake {
  const kinds = ['db', 'cluster', 'snapshot', 'cluster-snapshot'];
  return {
    origin: 'rds',
    pattern: {
      source: ['aws.rds'],
      detailType: [
        'RDS DB Instance Event',
        'RDS DB Cluster Event',
        'RDS DB Snapshot Event',
        'RDS DB Cluster Snapshot Event',
      ],
      detail: { SourceArn: Match.anyOf(...kinds.map((kind) => Match.prefix(names.rds(kind, names.temporary)))) },
    },
  };
}

/** Events about our replication instances and tasks; endpoints send none (DMS user guide). */
export function replication({ names }: Pipeline): Wake {
  const kinds = ['rep', 'task'];
  return {
    origin: 'dms',
    pattern: {
      source: ['aws.dms'],
      detailType: ['DMS Replication Instance State Change', 'DMS Replication Task State Change'],
      // The resource is only in the envelope.
      resources: Match.anyOf(...kinds.map((kind) => Match.prefix(names.arn('dms', `${kind}:${names.temporary}`)))),
    },
  };
}

/** The end of a task that this phase has run. */
export function workersOf(phase: PhaseName, { names, worker }: Pipeline): Wake {
  return {
    origin: 'ecs',
    pattern: {
      source: ['aws.ecs'],
      detailType: ['ECS Task State Change'],
      detail: {
        clusterArn: [worker.clusterArn],
        lastStatus: ['STOPPED'],
        startedBy: Match.prefix(names.startedBy(phase)),
      },
    },
  };
}
