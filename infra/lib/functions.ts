import type { RemovalPolicy } from 'aws-cdk-lib';
import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type Code, EventSourceMapping, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { allow, everyHandler } from './permissions.ts';
import type { Phase } from './phases/phase.ts';
import type { Pipeline } from './pipeline.ts';
import { FUNCTION_TIMEOUT } from './queues.ts';

/** What all handlers have in common. */
export interface HandlerProps {
  readonly pipeline: Pipeline;
  /** The one artifact; the environment variable HANDLER chooses the phase. */
  readonly code: Code;
  readonly environment: Readonly<Record<string, string>>;
  readonly logRetention: RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

/** A phase's function, fed by the phase's queue, with a role of its own. */
export class Handler extends Construct {
  readonly function: Function;

  constructor(scope: Construct, id: string, phase: Phase, props: HandlerProps) {
    super(scope, id);
    const { names, queues } = props.pipeline;
    const functionName = names.of(phase.name);
    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: props.logRetention,
      removalPolicy: props.removalPolicy,
    });
    const consumed = [queues.phases[phase.name], ...(phase.readsDeadLetters ? [queues.dlq] : [])];
    const role = new Role(this, 'Role', {
      roleName: functionName,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        handler: new PolicyDocument({
          statements: [
            allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]),
            allow(
              ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
              consumed.map((queue) => queue.queueArn),
            ),
            ...everyHandler(props.pipeline),
          ],
        }),
        phase: new PolicyDocument({ statements: phase.permissions(props.pipeline) }),
      },
    });
    this.function = new Function(this, 'Function', {
      functionName,
      description: phase.purpose,
      code: props.code,
      handler: 'bootstrap',
      runtime: Runtime.PROVIDED_AL2023,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      timeout: FUNCTION_TIMEOUT,
      environment: { HANDLER: phase.name, ...props.environment },
      logGroup,
      role: role.withoutPolicyUpdates(),
    });
    for (const queue of consumed) {
      new EventSourceMapping(this, `From${queue.node.id}`, {
        target: this.function,
        eventSourceArn: queue.queueArn,
        batchSize: 10,
        reportBatchItemFailures: true,
      });
    }
  }
}
