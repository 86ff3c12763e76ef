import {
  CfnArchive,
  CfnEventBusPolicy,
  EventBus,
  type EventPattern,
  type IRuleTarget,
  Rule,
} from 'aws-cdk-lib/aws-events';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { alarmOnLostEvents } from './alarms.ts';
import { PHASES, type Names } from './names.ts';
import type { Publisher } from './props.ts';
import { undeliveredQueue, type QueueSettings } from './queues.ts';

/** Detail-types that upstream systems publish. */
export const REQUESTS = [
  'RestoreRequested',
  'RestorePlanRequested',
  'RestoreCancelRequested',
  'RestoreReplayRequested',
];

/** The event source of all that the pipeline announces, in every deployment. */
export const OUR_SOURCE = 'tenant-restore';

/** What the bus keeps, and who may use it. */
export interface RequestBusProps {
  readonly names: Names;
  readonly archiveDays: number;
  /** Nobody else may publish, if given. */
  readonly publishers?: readonly Publisher[];
}

/** The bus on which upstream systems ask, and on which we answer. */
export class RequestBus extends EventBus {
  constructor(scope: Construct, id: string, { names, archiveDays, publishers }: RequestBusProps) {
    super(scope, id, { eventBusName: names.deployment, description: 'Requests and outcomes of tenant restores' });
    new CfnArchive(this, 'Archive', {
      archiveName: names.deployment,
      description: 'What was asked of tenant restores, and what they told',
      sourceArn: this.eventBusArn,
      retentionDays: archiveDays,
    });
    const ours = [...PHASES, 'sweeper'].map((name) => names.role(names.of(name)));
    this.addStatement('OnlyThePipelineAnnounces', {
      Effect: 'Deny',
      Principal: '*',
      Condition: {
        StringEquals: { 'events:source': OUR_SOURCE },
        ArnNotEquals: { 'aws:PrincipalArn': ours },
      },
    });
    if (publishers === undefined) return;
    this.addStatement('OnlyThesePublish', {
      Effect: 'Deny',
      Principal: '*',
      Condition: {
        ArnNotLike: { 'aws:PrincipalArn': [...ours, ...publishers.map(principalsOf)] },
      },
    });
    for (const { id, principalArn, eventSources } of publishers) this.addPublisher(id, principalArn, eventSources);
  }

  /**
   * Lets a principal publish requests, and only those; with `eventSources`, only as one of these, so that the
   * deployment's `requesters` say what it may ask for. One of another account needs this entry besides
   * `events:PutEvents` of its own. Whom a bus that was given `publishers` shuts out, this doesn't let in.
   */
  addPublisher(statementId: string, principalArn: string, eventSources?: readonly string[]): void {
    this.addStatement(statementId, {
      Effect: 'Allow',
      Principal: { AWS: principalArn },
      Condition: {
        StringEquals: { 'events:detail-type': REQUESTS, ...(eventSources && { 'events:source': eventSources }) },
      },
    });
  }

  private addStatement(
    statementId: string,
    statement: { Effect: 'Allow' | 'Deny'; Principal: unknown; Condition: unknown },
  ): void {
    new CfnEventBusPolicy(this, statementId, {
      eventBusName: this.eventBusName,
      statementId,
      statement: { ...statement, Action: 'events:PutEvents', Resource: this.eventBusArn },
    });
  }
}

/** Who comes as this principal: the root of an account stands for all of the account. */
function principalsOf({ principalArn }: Publisher): string {
  return principalArn.replace(/:root$/, ':*');
}

/** A rule that puts matching events into one queue; what EventBridge can't deliver waits in a queue of the rule's own. */
export class WakeRule extends Construct {
  constructor(
    scope: Construct,
    id: string,
    props: QueueSettings & { name: string; bus?: EventBus; pattern: EventPattern; queue: Queue },
  ) {
    super(scope, id);
    const { names, name, bus, pattern, queue } = props;
    new Rule(this, 'Rule', {
      ruleName: names.of(name),
      eventPattern: pattern,
      ...(bus && { eventBus: bus }),
      targets: [intoQueue(queue, undeliveredQueue(this, props, name))],
    });
    if (props.key !== undefined) alarmOnLostEvents(this, props, { rule: name, eventBus: bus?.eventBusName });
  }
}

/**
 * A queue as the target of a rule that alone may send to it. The CDK's own target drops that condition for a queue with a
 * customer key.
 */
function intoQueue(queue: Queue, letters: Queue): IRuleTarget {
  return {
    bind: (rule) => {
      for (const recipient of [queue, letters]) {
        recipient.addToResourcePolicy(
          new PolicyStatement({
            effect: Effect.ALLOW,
            principals: [new ServicePrincipal('events.amazonaws.com')],
            actions: ['sqs:SendMessage'],
            resources: [recipient.queueArn],
            conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleRef.ruleArn } },
          }),
        );
      }
      return { arn: queue.queueArn, deadLetterConfig: { arn: letters.queueArn }, targetResource: queue };
    },
  };
}
