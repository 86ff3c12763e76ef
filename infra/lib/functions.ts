import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyDocument, type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type Code,
  EventSourceMapping,
  Function,
  type FunctionProps as LambdaProps,
  RecursiveLoop,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Names } from './names.ts';
import { allow, everyHandler, sendTraces } from './permissions.ts';
import type { Phase } from './phases/phase.ts';
import type { Pipeline } from './pipeline.ts';
import { FUNCTION_TIMEOUT } from './queues.ts';
import { explainWildcards } from './wildcards.ts';

/** What all handlers have in common. */
export interface HandlerProps {
  readonly pipeline: Pipeline;
  /** The one artifact; the environment variable HANDLER chooses what it does. */
  readonly code: Code;
  readonly environment: Readonly<Record<string, string>>;
  readonly logRetention: RetentionDays;
  readonly removalPolicy: RemovalPolicy;
  /** Whether it may tell X-Ray what it does. */
  readonly tracing: boolean;
}

/** A function of an artifact: what all have in common, and what sets one apart. */
export interface FunctionProps extends Omit<HandlerProps, 'pipeline'> {
  readonly names: Names;
  /** The value of HANDLER, and the function's name behind the deployment's. */
  readonly name: string;
  /** What it does, for whoever finds it in the console. */
  readonly purpose: string;
  readonly timeout: Duration;
  /** Its rights, by the name of the policy, beside writing its log. */
  readonly policies: Readonly<Record<string, PolicyStatement[]>>;
  /** Whether it sends messages to the queue that feeds it. @default false */
  readonly wakesItself?: boolean;
  /** Where it is in a VPC. @default in none */
  readonly network?: Pick<LambdaProps, 'vpc' | 'vpcSubnets' | 'securityGroups'>;
}

/** A function of the artifact, with a log group and a role of its own. */
export function artifactFunction(scope: Construct, props: FunctionProps): Function {
  const functionName = props.names.of(props.name);
  const logGroup = new LogGroup(scope, 'Logs', {
    logGroupName: props.names.logGroup(props.name),
    retention: props.logRetention,
    removalPolicy: props.removalPolicy,
  });
  const granted = { ...props.policies, ...(props.tracing && { traces: sendTraces() }) };
  const policies = { logs: [allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn])] };
  const role = new Role(scope, 'Role', {
    roleName: functionName,
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: Object.fromEntries(
      Object.entries({ ...policies, ...granted }).map(([name, statements]) => [
        name,
        new PolicyDocument({ statements }),
      ]),
    ),
  });
  explainWildcards(role, Object.values(granted).flat());
  return new Function(scope, 'Function', {
    functionName,
    description: props.purpose,
    code: props.code,
    handler: 'bootstrap',
    runtime: Runtime.PROVIDED_AL2023,
    architecture: Architecture.ARM_64,
    memorySize: 256,
    timeout: props.timeout,
    environment: { HANDLER: props.name, ...props.environment },
    logGroup,
    tracing: props.tracing ? Tracing.ACTIVE : Tracing.PASS_THROUGH,
    ...(props.wakesItself === true && { recursiveLoop: RecursiveLoop.ALLOW }),
    ...props.network,
    role: role.withoutPolicyUpdates(),
  });
}

/** A phase's function, fed by the phase's queue. */
export class Handler extends Construct {
  readonly function: Function;

  constructor(scope: Construct, id: string, phase: Phase, props: HandlerProps) {
    super(scope, id);
    const { queues } = props.pipeline;
    const consumed = [queues.phases[phase.name], ...(phase.readsDeadLetters ? [queues.dlq] : [])];
    const consume = allow(
      ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
      consumed.map((queue) => queue.queueArn),
    );
    this.function = artifactFunction(this, {
      ...props,
      names: props.pipeline.names,
      name: phase.name,
      purpose: phase.purpose,
      timeout: FUNCTION_TIMEOUT,
      // A wait is a chain of ticks, each sent by the one before. Lambda stops what comes from the same queue for about the
      // sixteenth time (Lambda developer guide, recursive loop detection): the SDK counts it in the trace header.
      wakesItself: true,
      policies: {
        handler: [consume, ...everyHandler(props.pipeline)],
        phase: phase.permissions(props.pipeline),
      },
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
