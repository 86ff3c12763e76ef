import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { PHASES, type Names, type PhaseName } from './names.ts';

/** How long a function may take over a batch. */
export const FUNCTION_TIMEOUT = Duration.seconds(60);

/** Crashes before a message is given up; AWS's Lambda guide asks for five at least. */
const MAX_RECEIVE_COUNT = 5;

/** SQS's longest: a letter waits for a person. */
const LONGEST_RETENTION = Duration.days(14);

/** Phases that give up to `dead`: the cleanup reads the dead-letter queue itself, and `complete` comes after it. */
const GIVE_UP_FOR_GOOD: readonly PhaseName[] = ['cleanup', 'complete'];

/**
 * One queue a phase. What a phase gives up goes to `dlq`, which starts the cleanup of its restore; what the cleanup, the
 * last phase or `dlq` itself give up goes to `dead`, which nothing consumes.
 */
export class Queues extends Construct {
  readonly phases: Readonly<Record<PhaseName, Queue>>;
  readonly dlq: Queue;
  readonly dead: Queue;

  constructor(scope: Construct, id: string, names: Names) {
    super(scope, id);
    this.dead = new Queue(this, 'Dead', { ...secured(names.of('dead')), retentionPeriod: LONGEST_RETENTION });
    this.dlq = new Queue(this, 'Dlq', {
      ...secured(names.of('dlq')),
      ...consumed(),
      retentionPeriod: LONGEST_RETENTION,
      deadLetterQueue: { queue: this.dead, maxReceiveCount: MAX_RECEIVE_COUNT },
    });
    this.phases = Object.fromEntries(PHASES.map((phase) => [phase, this.phaseQueue(names, phase)])) as Record<
      PhaseName,
      Queue
    >;
  }

  private phaseQueue(names: Names, phase: PhaseName): Queue {
    return new Queue(this, phase, {
      ...secured(names.of(phase)),
      ...consumed(),
      retentionPeriod: Duration.days(7),
      deadLetterQueue: {
        queue: GIVE_UP_FOR_GOOD.includes(phase) ? this.dead : this.dlq,
        maxReceiveCount: MAX_RECEIVE_COUNT,
      },
    });
  }
}

/** A queue for what EventBridge could not deliver to a rule's target. */
export function undeliveredQueue(scope: Construct, names: Names, rule: string): Queue {
  return new Queue(scope, 'Undelivered', {
    ...secured(names.of(`undelivered-${rule}`)),
    retentionPeriod: LONGEST_RETENTION,
  });
}

function secured(queueName: string): QueueProps {
  return { queueName, encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };
}

/** Six times the function's time-out, as AWS's Lambda guide asks. */
function consumed(): QueueProps {
  return { visibilityTimeout: Duration.seconds(FUNCTION_TIMEOUT.toSeconds() * 6) };
}
