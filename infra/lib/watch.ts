import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  LogQueryWidget,
  SingleValueWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { CfnQueryDefinition } from 'aws-cdk-lib/aws-logs';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { alarmOnRestores, type AlarmSettings } from './alarms.ts';
import { failureRate, counted, ofPhase, swept } from './metrics.ts';
import { type Names, PHASES } from './names.ts';
import type { Queues } from './queues.ts';

/** Who replaces this by a restore's id reads its story. */
const ANY_RESTORE = 'RESTORE_ID';

/** What X-Ray's search asks for the traces of a restore by, as a comment of the query. */
const TRACES = `# its traces in X-Ray: annotation.restore = "${ANY_RESTORE}"`;

/** Where a handler, or the worker in one of its modes, said something. */
const STEP = 'coalesce(phase, span.phase, span.mode) as step';

/**
 * What all functions and the worker say about one restore, in the order of time. Metrics are lines without a message; so are
 * Lambda's own, which know no restore: `TROUBLE` shows these.
 */
const STORY = [
  `fields @timestamp, ${STEP}, message, cause, coalesce(effect, next, outcome, error) as detail`,
  `filter @message like '${ANY_RESTORE}' and ispresent(message)`,
  'sort @timestamp asc',
  'limit 10000',
];

/**
 * What a program that ended too early doesn't say itself: time and memory that ran out, an exit (Lambda developer guide,
 * "Troubleshoot execution issues"), and a panic of the Rust runtime. The functions' log format is text: in Lambda's JSON
 * these lines would be `platform.report` and `platform.initReport`, with `record.status` and `record.errorType`.
 */
const BROKEN_OFF =
  /Task timed out after|Runtime exited|Runtime\.[A-Z]\w+|Process exited before|Status: (timeout|error|failure)|panicked at/;

/** What went wrong last, whatever restore it was about. The worker's spans are the restore and, within, a mode. */
const TROUBLE = [
  `fields @timestamp, ${STEP}, coalesce(restore, span.restore, spans.0.restore) as restoreId, coalesce(message, @message) as said, coalesce(error, cause) as why, @log`,
  `filter level in ['WARN', 'ERROR'] or @message like ${String(BROKEN_OFF)}`,
  'sort @timestamp desc',
  'limit 50',
];

const DAY = Duration.days(1);

/** The id that each rule's queue of undelivered events has in its scope. */
const UNDELIVERED = 'Undelivered';

/** About as many names as CloudWatch shows beside each other in the dashboard's width. */
const ALARMS_IN_A_LINE = 6;

/** How a deployment is watched: a dashboard, alarms on what the handlers count, and the query that tells a story. */
export class Watch extends Construct {
  private readonly dashboard: Dashboard;

  /** Of what is in the scope by now: the pipeline makes this last. */
  constructor(scope: Construct, id: string, settings: AlarmSettings, queues: Queues) {
    super(scope, id);
    const { names } = settings;
    alarmOnRestores(this, settings);
    const logGroups = [...[...PHASES, 'sweeper'].map((name) => names.logGroup(name)), names.workerLogGroup];
    new CfnQueryDefinition(this, 'Story', {
      name: `${names.deployment}/story of a restore`,
      queryString: `${TRACES}\n${STORY.join('\n| ')}`,
      logGroupNames: logGroups,
    });
    this.dashboard = new Dashboard(this, 'Dashboard', { dashboardName: names.deployment, defaultInterval: DAY });
    this.show(scope, 'Alarms');
    this.dashboard.addWidgets(...restores(names));
    this.dashboard.addWidgets(...movement(names, queues));
    this.dashboard.addWidgets(...remains(names, queues), undelivered(scope));
    this.dashboard.addWidgets(...costs(names));
    this.dashboard.addWidgets(
      new LogQueryWidget({ title: 'Trouble', width: 24, height: 8, logGroupNames: logGroups, queryLines: TROUBLE }),
    );
  }

  /** Shows all alarms that a part of the deployment has by now. */
  show(part: Construct, title: string): void {
    const alarms = part.node.findAll().filter((one) => one instanceof Alarm);
    const height = 2 + Math.ceil(alarms.length / ALARMS_IN_A_LINE);
    if (alarms.length > 0) this.dashboard.addWidgets(new AlarmStatusWidget({ title, width: 24, height, alarms }));
  }
}

function restores(names: Names) {
  const outcome = (name: string, label: string) => counted(names, name, DAY).with({ label });
  return [
    new GraphWidget({
      title: 'Restores a day, by outcome',
      width: 16,
      stacked: true,
      left: [
        outcome('RestoresCompleted', 'completed'),
        outcome('RestoresFailed', 'failed'),
        outcome('RestoresRejected', 'rejected'),
      ],
    }),
    new SingleValueWidget({
      title: 'Failed of those accepted, last day',
      width: 8,
      height: 6,
      metrics: [failureRate(names, DAY).with({ label: 'share' })],
    }),
  ];
}

function movement(names: Names, queues: Queues) {
  const phases = (name: string, statistic: string): IMetric[] =>
    PHASES.map((phase) => ofPhase(names, phase, name, statistic).with({ label: phase }));
  return [
    graph('Seconds in a phase, mean', phases('PhaseSeconds', 'Average')),
    graph('Moved by a tick while an event was expected', phases('MovedByTicks', 'Sum')),
    graph(
      'Seconds that the oldest message waits',
      PHASES.map((phase) => queues.phases[phase].metricApproximateAgeOfOldestMessage({ label: phase })),
    ),
  ];
}

function remains(names: Names, { dead }: Queues) {
  return [
    graph('Letters', [
      counted(names, 'DeadLetters').with({ label: 'kept' }),
      counted(names, 'MessagesOfNobody').with({ label: 'of no restore' }),
      dead.metricApproximateNumberOfMessagesVisible({ label: 'lie there', statistic: 'Maximum' }),
    ]),
    graph('Stuck restores and resources without one, as the sweeper finds them', [
      swept(names, 'StuckRestores').with({ label: 'stuck' }),
      swept(names, 'Orphans').with({ label: 'orphans' }),
    ]),
  ];
}

/** The queue of each rule for what EventBridge could not deliver. */
function undelivered(scope: Construct): GraphWidget {
  const queues = scope.node
    .findAll()
    .filter((one) => one instanceof Queue)
    .filter(({ node }) => node.id === UNDELIVERED);
  return graph(
    'What EventBridge could not deliver',
    queues.map((queue) =>
      queue.metricApproximateNumberOfMessagesVisible({ label: queue.node.scope?.node.id, statistic: 'Maximum' }),
    ),
  );
}

/** Of what has a price; a restore's report says what has none. */
function costs(names: Names) {
  return [
    graph('US dollars a day that temporary resources cost, when they were cleaned up', [
      counted(names, 'SpentUsd', DAY).with({ label: 'restores' }),
    ]),
    graph('US dollars an hour that orphans cost', [swept(names, 'OrphansUsdPerHour').with({ label: 'orphans' })]),
  ];
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, width: 8, left });
}
