import { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { alarmOnLostEvents } from './alarms.ts';
import { artifactFunction, type HandlerProps } from './functions.ts';
import { SWEEPS_EVERY } from './metrics.ts';
import { PHASES } from './names.ts';
import {
  allow,
  deleteDatabases,
  deleteReplication,
  describeReplication,
  stopWorkers,
  temporarySecrets,
  useMessageKey,
  watchWorkers,
} from './permissions.ts';
import type { Pipeline } from './pipeline.ts';
import type { Sweeping } from './props.ts';
import { undeliveredQueue, type QueueSettings } from './queues.ts';

/** What the sweeper needs beside what all functions do. */
export interface SweeperProps extends HandlerProps {
  readonly sweeping: Sweeping;
  readonly letters: QueueSettings;
}

/**
 * The function that finds temporary resources without a live restore and restores that nothing moves, on a schedule. A
 * person may invoke it at any time, with `{"dryRun": true}` to be told only.
 */
export class Sweeper extends Construct {
  readonly function: Function;

  constructor(scope: Construct, id: string, props: SweeperProps) {
    super(scope, id);
    const { pipeline, sweeping } = props;
    this.function = artifactFunction(this, {
      ...props,
      names: pipeline.names,
      name: 'sweeper',
      purpose: 'Removes temporary resources without a live restore, and sets stuck restores going',
      // It lists what the whole account has of each kind.
      timeout: Duration.minutes(5),
      policies: { sweeper: permissions(pipeline) },
    });
    const name = 'sweeper-schedule';
    new Rule(this, 'Schedule', {
      ruleName: pipeline.names.of(name),
      schedule: Schedule.rate(SWEEPS_EVERY),
      enabled: sweeping !== 'off',
      targets: [
        new LambdaFunction(this.function, {
          event: RuleTargetInput.fromObject({ dryRun: sweeping === 'report' }),
          deadLetterQueue: undeliveredQueue(this, props.letters, name),
          // The next sweep finds what this one should have.
          maxEventAge: SWEEPS_EVERY,
        }),
      ],
    });
    if (props.letters.key !== undefined) alarmOnLostEvents(this, props.letters, { rule: name, eventBus: undefined });
  }
}

function permissions(pipeline: Pipeline): PolicyStatement[] {
  const { table, bus, queues } = pipeline;
  return [
    // Read the restores, write what was done into their log.
    allow(['dynamodb:GetItem', 'dynamodb:PutItem'], [table.tableArn]),
    allow(['dynamodb:Query'], [`${table.tableArn}/index/byStarted`]),
    // Set a restore going: ticks, and what its outbox holds.
    allow(['events:PutEvents'], [bus.eventBusArn]),
    allow(
      ['sqs:SendMessage'],
      PHASES.map((phase) => queues.phases[phase].queueArn),
    ),
    ...useMessageKey(pipeline),
    ...watchWorkers(pipeline),
    stopWorkers(pipeline),
    deleteReplication(pipeline),
    describeReplication(),
    ...deleteDatabases(pipeline),
    temporarySecrets(pipeline, 'DeleteSecret', 'DescribeSecret'),
    // Secrets Manager knows no resource for its list (service authorization reference).
    allow(['secretsmanager:ListSecrets'], ['*']),
  ];
}
