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
import { checkPublisher, checkPublishers, OUR_SOURCE } from './publishers.ts';
import { undeliveredQueue, type QueueSettings } from './queues.ts';

/** Detail-types that upstream systems publish. */
export const REQUESTS = [
  'RestoreRequested',
  'RestorePlanRequested',
  'RestoreCancelRequested',
  'RestoreReplayRequested',
];

/** What the bus keeps, and who may use it. */
export interface RequestBusProps {
  readonly names: Names;
  readonly archiveDays: number;
  /** Nobody else may publish, if given. */
  readonly publishers?: readonly Publisher[];
}

/** The bus on which upstream systems ask, and on which we answer. */
export class RequestBus extends EventBus {
  /**
   * Who may put messages into the pipeline's queues besides EventBridge, which else would be a way past `publishers`: the
   * pipeline, and publishers that may come as any event source, for they send letters again. Everybody, without `publishers`.
   */
  readonly senders: readonly string[] | undefined;
  private readonly isClosed: boolean;
  private readonly tag: string;

  constructor(scope: Construct, id: string, { names, archiveDays, publishers }: RequestBusProps) {
    super(scope, id, { eventBusName: names.deployment, description: 'Requests and outcomes of tenant restores' });
    new CfnArchive(this, 'Archive', {
      archiveName: names.deployment,
      description: 'What was asked of tenant restores, and what they told',
      sourceArn: this.eventBusArn,
      retentionDays: archiveDays,
    });
    this.tag = names.tag;
    const ours = [...PHASES, 'sweeper'].map((name) => names.role(names.of(name)));
    const others = { ArnNotEquals: { 'aws:PrincipalArn': ours } };
    this.deny('OnlyThePipelineAnnounces', { StringEquals: { 'events:source': OUR_SOURCE }, ...others });
    this.deny('OthersRequestOnly', { StringNotEquals: { 'events:detail-type': REQUESTS }, ...others });
    this.isClosed = publishers !== undefined;
    if (publishers === undefined) return;
    checkPublishers(publishers);
    this.senders = [...ours, ...publishers.filter(({ eventSources }) => eventSources === undefined).map(principalsOf)];
    this.deny('OnlyThesePublish', {
      ArnNotLike: { 'aws:PrincipalArn': [...ours, ...publishers.map(principalsOf)] },
    });
    for (const publisher of publishers) this.admit(publisher);
  }

  /**
   * Lets a principal publish requests, and only those; with `eventSources`, only as one of these, so that the
   * deployment's `requesters` say what it may ask for. One of another account needs this entry besides
   * `events:PutEvents` of its own.
   *
   * @throws on a bus that was given `publishers`: it shuts out all others.
   */
  addPublisher(id: string, principalArn: string, eventSources?: readonly string[]): void {
    if (this.isClosed) throw new Error(`the bus was given publishers; add ${id} to these`);
    const publisher = { id, principalArn, ...(eventSources && { eventSources }) };
    checkPublisher(publisher);
    this.admit(publisher);
  }

  /** A principal of this account may publish by its own policy too, so what it may not must be denied. */
  private admit(publisher: Publisher): void {
    const { id, principalArn, eventSources } = publisher;
    this.addStatement(`May-${id}`, {
      Effect: 'Allow',
      Principal: { AWS: principalArn },
      Condition: {
        StringEquals: { 'events:detail-type': REQUESTS, ...(eventSources && { 'events:source': eventSources }) },
      },
    });
    if (eventSources === undefined) return;
    this.deny(`Only-${id}`, {
      ArnLike: { 'aws:PrincipalArn': principalsOf(publisher) },
      StringNotEquals: { 'events:source': eventSources },
    });
  }

  private deny(statementId: string, condition: unknown): void {
    this.addStatement(statementId, { Effect: 'Deny', Principal: '*', Condition: condition });
  }

  /**
   * CloudFormation knows a statement by its name alone: each can be in one stack of account and region, whatever its bus
   * ("already exists in stack"). The tag sets deployments apart, and is short: a name has 64 characters.
   */
  private addStatement(
    statementId: string,
    statement: { Effect: 'Allow' | 'Deny'; Principal: unknown; Condition: unknown },
  ): void {
    new CfnEventBusPolicy(this, statementId, {
      eventBusName: this.eventBusName,
      statementId: `${this.tag}-${statementId}`,
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
