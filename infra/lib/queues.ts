import { Duration, Validations } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { alarmOnLetters, alarmOnNewLetters, alarmOnStandstill, type AlarmSettings } from './alarms.ts';
import { PHASES, type PhaseName } from './names.ts';

/** How long a function may take over a batch. */
export const FUNCTION_TIMEOUT = Duration.seconds(60);

/** Crashes before a message is given up; AWS's Lambda guide asks for five at least. */
const MAX_RECEIVE_COUNT = 5;

/**
 * A letter arrives in `dlq` with the receives that it died of: SQS counts them across queues (SQS API reference,
 * ReceiveMessage, ApproximateReceiveCount). It has as many again, or it could lie in `dead` before anybody has read it.
 */
const MAX_RECEIVE_COUNT_OF_LETTERS = 2 * MAX_RECEIVE_COUNT;

/** SQS's longest: a letter waits for a person. */
const LONGEST_RETENTION = Duration.days(14);

/** Phases that give up to `dead`: the cleanup reads the dead-letter queue itself, and `complete` comes after it. */
const GIVE_UP_FOR_GOOD: readonly PhaseName[] = ['cleanup', 'complete'];

/** What all queues have in common. */
export interface QueueSettings extends AlarmSettings {
  /** Encrypts the messages. @default a key that SQS manages */
  readonly key?: IKey;
}

/**
 * One queue a phase. What a phase gives up goes to `dlq`, which starts the cleanup of its restore; what the cleanup, the
 * last phase or `dlq` itself give up goes to `dead`, which nothing consumes.
 */
export class Queues extends Construct {
  readonly phases: Readonly<Record<PhaseName, Queue>>;
  readonly dlq: Queue;
  readonly dead: Queue;

  constructor(scope: Construct, id: string, settings: QueueSettings) {
    super(scope, id);
    if (settings.key !== undefined) letEventBridgeUse(settings.key);
    this.dead = new Queue(this, 'Dead', { ...secured(settings, 'dead'), retentionPeriod: LONGEST_RETENTION });
    alarmOnLetters(this.dead, settings, {
      queue: this.dead,
      name: 'dead-letters',
      remedy: 'Messages that no handler could take are kept: tenant-restore dlq list',
    });
    alarmOnNewLetters(this.dead, settings);
    this.dlq = new Queue(this, 'Dlq', {
      ...secured(settings, 'dlq'),
      ...consumed(),
      retentionPeriod: LONGEST_RETENTION,
      deadLetterQueue: { queue: this.dead, maxReceiveCount: MAX_RECEIVE_COUNT_OF_LETTERS },
    });
    alarmOnStandstill(this.dlq, settings, { queue: this.dlq, name: 'dlq' });
    this.phases = Object.fromEntries(PHASES.map((phase) => [phase, this.phaseQueue(settings, phase)])) as Record<
      PhaseName,
      Queue
    >;
  }

  /**
   * Denies everybody else to send what phases read, whatever their own policies say: a request that is put into intake's
   * queue names its event source itself, and a command needs no request at all. EventBridge's rules are admitted as before.
   *
   * @param senders ARNs of principals, as `aws:PrincipalArn` has them; they may end in `*`
   */
  closeToAllBut(senders: readonly string[]): void {
    for (const queue of [...Object.values(this.phases), this.dlq, this.dead]) {
      queue.addToResourcePolicy(
        new PolicyStatement({
          sid: 'OnlyTheseSend',
          effect: Effect.DENY,
          principals: [new AnyPrincipal()],
          actions: ['sqs:SendMessage'],
          resources: [queue.queueArn],
          conditions: {
            ArnNotLike: { 'aws:PrincipalArn': senders },
            Bool: { 'aws:PrincipalIsAWSService': 'false' },
          },
        }),
      );
    }
  }

  private phaseQueue(settings: QueueSettings, phase: PhaseName): Queue {
    const queue = new Queue(this, phase, {
      ...secured(settings, phase),
      ...consumed(),
      retentionPeriod: Duration.days(7),
      deadLetterQueue: {
        queue: GIVE_UP_FOR_GOOD.includes(phase) ? this.dead : this.dlq,
        maxReceiveCount: MAX_RECEIVE_COUNT,
      },
    });
    alarmOnStandstill(queue, settings, { queue, name: phase });
    return queue;
  }
}

/** A queue for what EventBridge could not deliver to a rule's target, with an alarm. */
export function undeliveredQueue(scope: Construct, settings: QueueSettings, rule: string): Queue {
  const name = `undelivered-${rule}`;
  const queue = new Queue(scope, 'Undelivered', { ...secured(settings, name), retentionPeriod: LONGEST_RETENTION });
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'It is the dead-letter queue of a rule, with an alarm of its own',
  });
  alarmOnLetters(scope, settings, {
    queue,
    name,
    remedy: `EventBridge could not deliver events of the rule ${settings.names.of(rule)}: see the attribute ERROR_MESSAGE`,
  });
  return queue;
}

function secured({ names, key }: QueueSettings, name: string): QueueProps {
  const encryption = key
    ? { encryption: QueueEncryption.KMS, encryptionMasterKey: key }
    : { encryption: QueueEncryption.SQS_MANAGED };
  return { queueName: names.of(name), ...encryption, enforceSSL: true };
}

/**
 * Which rule may send is the queues' policy: SQS asks the key for EventBridge itself, without the rule's ARN. A key that
 * the app only refers to can't be changed from here; its own policy must have this statement.
 */
function letEventBridgeUse(key: IKey): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'EventBridgeSendsToEncryptedQueues',
      principals: [new ServicePrincipal('events.amazonaws.com')],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: ['*'],
    }),
    true,
  );
}

/** Six times the function's time-out, as AWS's Lambda guide asks. */
function consumed(): QueueProps {
  return { visibilityTimeout: Duration.seconds(FUNCTION_TIMEOUT.toSeconds() * 6) };
}
