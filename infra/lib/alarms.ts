import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { counted, failureRate, SWEEPS_EVERY, swept } from './metrics.ts';
import { type Names, PHASES } from './names.ts';

/** How CloudWatch shows the alarms of a deployment, and whom it tells. */
export interface AlarmSettings {
  readonly names: Names;
  /** Whom an alarm is sent to. @default nobody; the alarm is shown only */
  readonly topic?: ITopic;
}

/** Alarms as long as a message lies in a queue that nothing consumes: one that comes to others doesn't ring again. */
export function alarmOnLetters(
  scope: Construct,
  { names, topic }: AlarmSettings,
  about: { readonly queue: IQueue; readonly name: string; readonly remedy: string },
): Alarm {
  const metric = about.queue.metricApproximateNumberOfMessagesVisible({
    period: Duration.minutes(1),
    statistic: 'Maximum',
  });
  return alarm(scope, 'LettersAlarm', metric, {
    alarmName: names.of(about.name),
    alarmDescription: `${about.remedy}. It rings again only after the queue was emptied.`,
    topic,
  });
}

/** Longer than SQS delays a tick (15 minutes), shorter than a message takes to be given up (5 times 6 minutes). */
const WAITS_TOO_LONG = Duration.minutes(20);

/**
 * Alarms when a queue isn't consumed: its function is off. SQS leaves a message that was received three times out of this
 * metric (SQS developer guide, "Available CloudWatch metrics for Amazon SQS"), so what fails needs alarms of its own.
 */
export function alarmOnStandstill(
  scope: Construct,
  { names, topic }: AlarmSettings,
  about: { readonly queue: IQueue; readonly name: string },
): Alarm {
  const metric = about.queue.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(1), statistic: 'Maximum' });
  return alarm(scope, 'StandstillAlarm', metric, {
    alarmName: names.of(`waiting-${about.name}`),
    alarmDescription: `Messages of the queue ${names.of(about.name)} wait for ${WAITS_TOO_LONG.toMinutes()} minutes: is its function off or throttled?`,
    threshold: WAITS_TOO_LONG.toSeconds(),
    topic,
  });
}

/** Alarms at each letter that a handler keeps; the alarm on the queue rings once, and not again before it was emptied. */
export function alarmOnNewLetters(scope: Construct, { names, topic }: AlarmSettings): Alarm {
  return alarm(scope, 'NewLettersAlarm', counted(names, 'DeadLetters'), {
    alarmName: names.of('new-dead-letters'),
    alarmDescription:
      'A handler has kept a message that it could not take, or that was given up: tenant-restore dlq list',
    topic,
  });
}

/** Failures of a function within a quarter of an hour that repetition mends. */
const FAILURES_THAT_PASS = 1;

/**
 * Alarms while messages can still be saved from becoming letters, half an hour after the first failure: when one failed that
 * was delivered again, which the handlers count, and when a function itself fails, by time-outs or before it reads a message.
 */
export function alarmOnFunctions(scope: Construct, { names, topic }: AlarmSettings): Alarm[] {
  const failedAgain = alarm(scope, 'MessagesFailAlarm', counted(names, 'MessagesFailedAgain'), {
    alarmName: names.of('messages-fail'),
    alarmDescription: 'A message failed again when it was delivered again: see Trouble on the dashboard for why',
    topic,
  });
  const functions = PHASES.map((phase) =>
    alarm(scope, `Fails-${phase}`, failures(names.of(phase)), {
      alarmName: names.of(`fails-${phase}`),
      alarmDescription: `The function ${names.of(phase)} fails or runs out of time: see its log; what it was given becomes dead letters otherwise`,
      threshold: FAILURES_THAT_PASS,
      topic,
    }),
  );
  return [failedAgain, ...functions];
}

/** Share of a day's restores that may fail. */
const FAILURE_RATE = 0.2;

/**
 * Alarms on restores: one that nothing moves, what a restore left behind, too many that fail; and that the sweeper fails, of
 * which the first two would hear nothing.
 */
export function alarmOnRestores(scope: Construct, { names, topic }: AlarmSettings): Alarm[] {
  return [
    alarm(scope, 'StuckAlarm', swept(names, 'StuckRestores'), {
      alarmName: names.of('stuck-restore'),
      alarmDescription: 'The sweeper found a restore that nothing moved: tenant-restore list, then status --log',
      topic,
    }),
    alarm(scope, 'OrphanAlarm', swept(names, 'Orphans'), {
      alarmName: names.of('orphan-found'),
      alarmDescription: `The sweeper found a temporary resource without a live restore: see the log of ${names.of('sweeper')}`,
      topic,
    }),
    alarm(scope, 'FailureAlarm', failureRate(names, Duration.days(1)), {
      alarmName: names.of('failure-rate'),
      alarmDescription: `More than ${FAILURE_RATE * 100} % of the last day's accepted restores failed: tenant-restore list`,
      threshold: FAILURE_RATE,
      topic,
    }),
    alarm(scope, 'SweeperAlarm', failures(names.of('sweeper')), {
      alarmName: names.of('sweeper-fails'),
      alarmDescription: `The sweeper failed: nobody looks for stuck restores and orphans meanwhile. See the log of ${names.of('sweeper')}`,
      topic,
    }),
  ];
}

/** How often an invocation failed; Lambda counts what ran out of time among these (Lambda developer guide, metrics). */
function failures(functionName: string): Metric {
  return new Metric({
    namespace: 'AWS/Lambda',
    metricName: 'Errors',
    dimensionsMap: { FunctionName: functionName },
    // A quarter of an hour: the sweeper's alarm lasts until a sweep succeeds, and doesn't ring for each attempt.
    period: SWEEPS_EVERY,
    statistic: 'Sum',
  });
}

/**
 * Alarms when EventBridge could put an event neither into its target nor into the dead-letter queue: with a customer key
 * both are encrypted by, a key policy that shuts EventBridge out loses events, and no queue shows it.
 */
export function alarmOnLostEvents(
  scope: Construct,
  { names, topic }: AlarmSettings,
  about: { readonly rule: string; readonly eventBus: string | undefined },
): Alarm {
  const ruleName = names.of(about.rule);
  const metric = new Metric({
    namespace: 'AWS/Events',
    metricName: 'InvocationsFailedToBeSentToDlq',
    // Rules of another bus than the default one have it among their dimensions (EventBridge user guide, monitoring).
    dimensionsMap: {
      ...(about.eventBus !== undefined && { EventBusName: about.eventBus }),
      RuleName: ruleName,
    },
    period: Duration.minutes(1),
    statistic: 'Sum',
  });
  return alarm(scope, 'LostAlarm', metric, {
    alarmName: names.of(`lost-${about.rule}`),
    alarmDescription: `Events of the rule ${ruleName} are lost. Does the key's policy let events.amazonaws.com use it?`,
    topic,
  });
}

function alarm(
  scope: Construct,
  id: string,
  metric: Metric,
  told: {
    readonly alarmName: string;
    readonly alarmDescription: string;
    readonly threshold?: number;
    readonly topic: ITopic | undefined;
  },
): Alarm {
  const { topic, ...text } = told;
  const made = new Alarm(scope, id, {
    threshold: 0,
    ...text,
    metric,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 1,
    // An idle queue sends no metric after six hours, and a rule none at all.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
  if (topic !== undefined) made.addAlarmAction(new SnsAction(topic));
  return made;
}
