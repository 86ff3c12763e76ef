import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { PhaseName } from '../names.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Wake } from '../wakes.ts';

/** A phase as the pipeline wires it. Its commands and ticks come by its queue in any case. */
export interface Phase {
  readonly name: PhaseName;
  /** What the phase does, for whoever finds the function in the console. */
  readonly purpose: string;
  /** AWS's and upstream systems' events that wake it, beside its commands. */
  wakes(pipeline: Pipeline): Wake[];
  /** What it may do, beside what every handler may. */
  permissions(pipeline: Pipeline): PolicyStatement[];
  /** Whether it also reads what other phases gave up. */
  readonly readsDeadLetters?: true;
}
