import { CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { alarmOnFunctions } from './alarms.ts';
import { RequestBus, WakeRule } from './bus.ts';
import { Handler } from './functions.ts';
import { boundPolicyOf, checkEnvironment } from './limits.ts';
import { Names, PHASES, type PhaseName, WORKER_CONTAINER } from './names.ts';
import { Network } from './network.ts';
import { PHASE } from './phases/index.ts';
import type { Pipeline } from './pipeline.ts';
import { Placement } from './placement.ts';
import type { TenantRestoreProps } from './props.ts';
import { Queues, type QueueSettings } from './queues.ts';
import { SchemaRegistry } from './schemas.ts';
import { Storage } from './storage.ts';
import { Sweeper } from './sweeper.ts';
import { Watch } from './watch.ts';
import { Worker } from './worker.ts';

/** The pipeline that restores tenants' schemas, attachable to existing databases in an existing VPC. */
export class TenantRestore extends Construct {
  /** Where upstream systems publish their requests; `addPublisher` admits those of other accounts. */
  readonly bus: RequestBus;
  /** Where outcomes are told. */
  readonly topic: ITopic;
  /** Its dashboard, which can show the alarms of more. */
  readonly watch: Watch;

  constructor(scope: Construct, id: string, props: TenantRestoreProps) {
    super(scope, id);
    const names = new Names(Stack.of(this), props.deployment ?? 'tenant-restore', props.deploymentTag ?? 'main');
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
    const logRetention = props.logRetention ?? RetentionDays.THREE_MONTHS;
    const logLevel = props.logLevel ?? 'info';
    const managedSecrets = props.managedSecrets ?? false;
    const { source, kmsKeyArn } = props;
    claimTag(this, names);

    this.bus = new RequestBus(this, 'Bus', {
      names,
      archiveDays: props.archiveDays ?? 30,
      ...(props.publishers && { publishers: props.publishers }),
    });
    boundPolicyOf(this.bus, names);
    const letters: QueueSettings = {
      names,
      ...(props.alarmTopic && { topic: props.alarmTopic }),
      ...(props.messageKey && { key: props.messageKey }),
    };
    const queues = new Queues(this, 'Queues', letters);
    if (this.bus.senders !== undefined) queues.closeToAllBut(this.bus.senders);
    const storage = new Storage(this, 'Storage', {
      names,
      auditDays: props.auditDays ?? 365,
      removalPolicy,
      messageKey: props.messageKey,
      topic: props.topic,
    });
    this.topic = storage.topic;
    if (props.schemaRegistry ?? true) new SchemaRegistry(this, 'Schemas', names);
    const network = new Network(this, 'Network', names, props.network);
    const placement = new Placement(this, 'Placement', names, props.network, kmsKeyArn);
    const worker = new Worker(this, 'Worker', {
      names,
      bucket: storage.bucket,
      source,
      worker: props.worker,
      managedSecrets,
      kmsKeyArn,
      logLevel,
      logRetention,
      removalPolicy,
    });
    const pipeline: Pipeline = {
      names,
      region: Stack.of(this).region,
      bus: this.bus,
      queues,
      table: storage.table,
      bucket: storage.bucket,
      topic: storage.topic,
      worker,
      placement,
      source,
      managedSecrets,
      kmsKeyArn,
      messageKey: props.messageKey,
      topicKey: storage.topicKey,
    };
    const handlerProps = {
      pipeline,
      code: Code.fromAsset(props.lambdaArtifact),
      environment: environment(pipeline, network, props, logLevel),
      logRetention,
      removalPolicy,
      tracing: props.tracing ?? true,
    };
    // The settings of a function are bounded (`limits.ts`), and only intake reads requests.
    const requesters = props.requesters && { REQUESTERS: JSON.stringify(props.requesters) };
    const intakeProps = { ...handlerProps, environment: { ...handlerProps.environment, ...requesters } };
    checkEnvironment(this, names, { HANDLER: 'intake', ...intakeProps.environment });
    const functions = new Construct(this, 'Functions');
    const rules = new Construct(this, 'Rules');
    for (const name of PHASES) {
      new Handler(functions, name, PHASE[name], name === 'intake' ? intakeProps : handlerProps);
      wakePhase(rules, name, pipeline, letters);
    }
    new Sweeper(this, 'Sweeper', { ...handlerProps, sweeping: props.sweeping ?? 'mend', letters });
    alarmOnFunctions(functions, letters);
    this.watch = new Watch(this, 'Watch', letters, queues);
    output(this, pipeline, network);
  }
}

/** Two deployments of one tag would take each other's temporary resources for their own: CloudFormation refuses the second. */
function claimTag(scope: Construct, { tag, deployment, tagParameter }: Names): void {
  new StringParameter(scope, 'DeploymentTag', {
    parameterName: tagParameter,
    stringValue: deployment,
    description: `The deployment whose temporary resources have names that start with tr-${tag}-`,
  });
}

/** One rule for each origin of events that wake the phase. */
function wakePhase(scope: Construct, phase: PhaseName, pipeline: Pipeline, letters: QueueSettings): void {
  const { bus, queues } = pipeline;
  for (const { origin, pattern } of PHASE[phase].wakes(pipeline)) {
    const name = `${phase}-${origin}`;
    new WakeRule(scope, name, {
      ...letters,
      name,
      pattern,
      queue: queues.phases[phase],
      ...(origin === 'requests' && { bus }),
    });
  }
}

/** What every function is told; the handlers' configuration reads exactly these names. */
function environment(
  pipeline: Pipeline,
  network: Network,
  props: TenantRestoreProps,
  logLevel: string,
): Record<string, string> {
  const { names, queues, worker, placement } = pipeline;
  const workers = network.workerGroups.join(',');
  return {
    DEPLOYMENT: names.deployment,
    DEPLOYMENT_TAG: names.tag,
    TABLE_NAME: pipeline.table.tableName,
    BUS_NAME: pipeline.bus.eventBusName,
    TOPIC_ARN: pipeline.topic.topicArn,
    BUCKET_NAME: pipeline.bucket.bucketName,
    ...Object.fromEntries(PHASES.map((phase) => [`QUEUE_URL_${phase.toUpperCase()}`, queues.phases[phase].queueUrl])),
    QUEUE_URL_DEAD: queues.dead.queueUrl,
    CLUSTER_ARN: worker.clusterArn,
    TASK_DEFINITION_ARN: worker.taskDefinition.taskDefinitionArn,
    CONTAINER_NAME: WORKER_CONTAINER,
    VPC_ID: props.network.vpcId,
    TASK_SUBNETS: props.network.taskSubnetIds.join(','),
    TASK_SECURITY_GROUPS: workers,
    DB_SUBNET_GROUP: placement.databaseSubnetGroup,
    DB_SECURITY_GROUPS: network.databaseGroups.join(','),
    DMS_SUBNET_GROUP: placement.replicationSubnetGroup,
    DMS_SECURITY_GROUPS: workers,
    DMS_INSTANCE_CLASS: props.replication?.instanceClass ?? 'dms.t3.medium',
    DMS_SECRET_ROLE_ARN: placement.secretRole.roleArn,
    DEFAULT_SOURCE: props.source.identifier,
    DEFAULT_SOURCE_SECRET_ARN: props.source.secretArn,
    KMS_KEY_ARN: props.kmsKeyArn ?? '',
    CA_CERTIFICATE_ARN: props.replication?.caCertificateArn ?? '',
    RUST_LOG: logLevel,
    ...(props.tracing === false && { TRACING: 'off' }),
    ...(props.pace !== undefined && { PACE: props.pace }),
    ...(props.admission !== undefined && { ADMISSION: props.admission }),
    ...(props.databases !== undefined && { DATABASES: props.databases }),
    ...(props.prices !== undefined && { PRICES: props.prices }),
  };
}

/** What a person or a script needs to use the deployment. */
function output(
  scope: Construct,
  { bus, table, bucket, topic, worker, queues, names }: Pipeline,
  { workerGroups }: Network,
): void {
  const values: Record<string, string> = {
    BusName: bus.eventBusName,
    TableName: table.tableName,
    BucketName: bucket.bucketName,
    TopicArn: topic.topicArn,
    ClusterArn: worker.clusterArn,
    WorkerTaskDefinitionArn: worker.taskDefinition.taskDefinitionArn,
    WorkerSecurityGroupIds: workerGroups.join(','),
    QueueUrlDlq: queues.dlq.queueUrl,
    QueueUrlDead: queues.dead.queueUrl,
  };
  for (const phase of PHASES) {
    const title = phase.charAt(0).toUpperCase() + phase.slice(1);
    values[`QueueUrl${title}`] = queues.phases[phase].queueUrl;
    values[`FunctionName${title}`] = names.of(phase);
  }
  values.FunctionNameSweeper = names.of('sweeper');
  for (const [key, value] of Object.entries(values)) {
    new CfnOutput(scope, key, { value }).overrideLogicalId(key);
  }
}
