import type { Stack } from 'aws-cdk-lib';

/** The phases of a restore, in their order. Each is a queue, a function and a file in `phases/`. */
export const PHASES = ['intake', 'provision', 'ddl', 'migrate', 'finalize', 'cleanup', 'complete'] as const;

/** One phase of a restore. */
export type PhaseName = (typeof PHASES)[number];

/** Name of the worker's container in its task definition. */
export const WORKER_CONTAINER = 'worker';

/** Tag that says which deployment a temporary resource, or a source's secret, belongs to. */
export const DEPLOYMENT_TAG_KEY = 'tenant-restore:deployment';

/** Tag by which an instance or cluster opts in as a source; its value names the secret. */
export const SOURCE_SECRET_TAG_KEY = 'tenant-restore:secret';

/** A kind of DMS resources, as their ARNs have it. */
type DmsKind = 'rep' | 'endpoint' | 'task';

/** Parameter of Systems Manager that holds the name of the deployment with this tag. */
export function tagParameterOf(tag: string): string {
  return `/tenant-restore/deployment-tags/${tag}`;
}

/**
 * Every name and ARN that a deployment uses, derived from its name and tag, so that several deployments live side by
 * side: fixed resources start with `<deployment>-`, temporary ones with `tr-<tag>-`.
 */
export class Names {
  constructor(
    private readonly stack: Stack,
    /** Name of the deployment, prefix of everything that stays. */
    readonly deployment: string,
    /** Short tag of the deployment, in the names of everything temporary. */
    readonly tag: string,
  ) {}

  /** Prefix of everything that a restore of this deployment creates. */
  get temporary(): string {
    return `tr-${this.tag}-`;
  }

  /** Parameter by which a deployment claims its tag in account and region. */
  get tagParameter(): string {
    return tagParameterOf(this.tag);
  }

  /** A fixed resource's name. */
  of(part: string): string {
    return `${this.deployment}-${part}`;
  }

  /** The log group of a function. */
  logGroup(name: string): string {
    return `/aws/lambda/${this.of(name)}`;
  }

  /** The log group of the worker's tasks. */
  get workerLogGroup(): string {
    return `/ecs/${this.of('worker')}`;
  }

  /** Prefix of `startedBy` of the tasks that a phase runs. */
  startedBy(phase: PhaseName): string {
    return `tr-${this.tag}/${phase}/`;
  }

  /** Buckets share one name space world-wide, so account and region make the name unique. */
  get bucket(): string {
    return `${this.deployment}-${this.stack.account}-${this.stack.region}`;
  }

  /** ARN of a role of this account. */
  role(name: string): string {
    return `arn:${this.stack.partition}:iam::${this.stack.account}:role/${name}`;
  }

  /** ARN of an RDS resource: `db`, `cluster`, `snapshot`, `subgrp`, … */
  rds(kind: string, name: string): string {
    return this.arn('rds', `${kind}:${name}`);
  }

  /** ARNs of this deployment's temporary DMS resources; predictable, since we name them by `ResourceIdentifier`. */
  dms(...kinds: readonly DmsKind[]): string[] {
    return kinds.map((kind) => this.arn('dms', `${kind}:${this.temporary}*`));
  }

  /** ARNs of all DMS resources, whoever's. */
  anyDms(...kinds: readonly DmsKind[]): string[] {
    return kinds.map((kind) => this.arn('dms', `${kind}:*`));
  }

  /** ARN of secrets by name pattern; Secrets Manager adds six random characters, which the pattern must cover. */
  secret(pattern: string): string {
    return this.arn('secretsmanager', `secret:${pattern}`);
  }

  /** Any regional ARN of this account. */
  arn(service: string, resource: string): string {
    return `arn:${this.stack.partition}:${service}:${this.stack.region}:${this.stack.account}:${resource}`;
  }
}
