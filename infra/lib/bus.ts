import { CfnEventBusPolicy, EventBus, type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Names } from './names.ts';
import { undeliveredQueue } from './queues.ts';

/** Detail-types that upstream systems publish. */
export const REQUESTS = [
  'RestoreRequested',
  'RestorePlanRequested',
  'RestoreCancelRequested',
  'RestoreReplayRequested',
];

/** The bus on which upstream systems ask, and on which we answer. */
export class RequestBus extends EventBus {
  constructor(scope: Construct, id: string, names: Names) {
    super(scope, id, { eventBusName: names.deployment, description: 'Requests and outcomes of tenant restores' });
  }

  /**
   * Lets another account's principal publish requests, and only those; with `eventSources`, only as one of these, so that
   * the deployment's `requesters` say what it may ask for. Principals of this account need no entry here but
   * `events:PutEvents` of their own, whose conditions may be the same.
   */
  addPublisher(statementId: string, principalArn: string, eventSources?: readonly string[]): void {
    new CfnEventBusPolicy(this, statementId, {
      eventBusName: this.eventBusName,
      statementId,
      statement: {
        Effect: 'Allow',
        Principal: { AWS: principalArn },
        Action: 'events:PutEvents',
        Resource: this.eventBusArn,
        Condition: {
          StringEquals: { 'events:detail-type': REQUESTS, ...(eventSources && { 'events:source': eventSources }) },
        },
      },
    });
  }
}

/** A rule that puts matching events into one queue; what EventBridge can't deliver waits in a queue of the rule's own. */
export class WakeRule extends Construct {
  constructor(
    scope: Construct,
    id: string,
    props: { names: Names; name: string; bus?: EventBus; pattern: EventPattern; queue: IQueue },
  ) {
    super(scope, id);
    const { names, name, bus, pattern, queue } = props;
    new Rule(this, 'Rule', {
      ruleName: names.of(name),
      eventPattern: pattern,
      ...(bus && { eventBus: bus }),
      targets: [new SqsQueue(queue, { deadLetterQueue: undeliveredQueue(this, names, name) })],
    });
  }
}
