import { CfnDeletionPolicy, type RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import {
  Capability,
  CfnCluster,
  type CfnTaskDefinition,
  FargateTaskDefinition,
  LinuxParameters,
  LogDrivers,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import { type IRole, PolicyDocument, type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { DEPLOYMENT_TAG_KEY, WORKER_CONTAINER, type Names } from './names.ts';
import { allow, files, listing, sourceSecrets, useKey } from './permissions.ts';
import type { SourceProps, WorkerProps } from './props.ts';
import { explainWildcards } from './wildcards.ts';
import { cpuOf, imageOf } from './worker-image.ts';
import { problemOfSize, sizeOf } from './worker-size.ts';

/** Where the image keeps the certificates of RDS's authorities. */
export const DEFAULT_CA_BUNDLE = '/etc/ssl/certs/rds-global-bundle.pem';

/**
 * The worker's user and group, whatever its image says: that of ours says the same. By a number, since the image may lack a
 * name for it, and with the group, which would be root's then.
 */
const USER = '65532:65532';

/** What the worker's tasks run with. */
export interface WorkerSettings {
  readonly names: Names;
  readonly bucket: Bucket;
  readonly source: SourceProps;
  readonly worker: WorkerProps;
  readonly managedSecrets: boolean;
  readonly kmsKeyArn: string | undefined;
  readonly logLevel: string;
  readonly logRetention: RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

/** The only part that opens database connections: a Fargate task, one job a run. */
export class Worker extends Construct {
  readonly clusterName: string;
  readonly clusterArn: string;
  readonly taskDefinition: FargateTaskDefinition;
  /** The worker's own rights. */
  readonly taskRole: Role;
  /** What ECS may do to start it. */
  readonly executionRole: Role;

  constructor(scope: Construct, id: string, settings: WorkerSettings) {
    super(scope, id);
    const { names } = settings;
    this.clusterName = names.deployment;
    const cluster = new CfnCluster(this, 'Cluster', { clusterName: this.clusterName });
    this.clusterArn = cluster.attrArn;
    Validations.of(cluster).acknowledge({
      id: 'AwsSolutions-ECS4',
      reason:
        'Tasks live for minutes and write what they did into their result; Container Insights bills metrics for each',
    });
    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: names.workerLogGroup,
      retention: settings.logRetention,
      removalPolicy: settings.removalPolicy,
    });
    this.taskRole = tasksRole(this, 'TaskRole', names.of('worker-task'), whatJobsNeed(settings, Stack.of(this).region));
    this.executionRole = tasksRole(this, 'ExecutionRole', names.of('worker-start'), whatStartingNeeds(names, logGroup));
    this.taskDefinition = taskDefinition(this, settings, this.taskRole, this.executionRole, logGroup);
  }
}

function tasksRole(scope: Construct, id: string, roleName: string, statements: PolicyStatement[]): Role {
  const role = new Role(scope, id, {
    roleName,
    assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
    inlinePolicies: { worker: new PolicyDocument({ statements }) },
  });
  explainWildcards(role, statements);
  return role;
}

function whatJobsNeed(settings: WorkerSettings, region: string): PolicyStatement[] {
  const { names, bucket, kmsKeyArn } = settings;
  return [
    allow(['secretsmanager:GetSecretValue'], [names.secret(`${names.temporary}*`)]),
    // The login of the restore point that works goes into the temporary database's secret.
    allow(['secretsmanager:PutSecretValue'], [names.secret(`${names.temporary}*`)], {
      StringEquals: { [`aws:ResourceTag/${DEPLOYMENT_TAG_KEY}`]: names.deployment },
    }),
    ...sourceSecrets(settings, 'GetSecretValue'),
    files({ bucket }, 'work', 'GetObject', 'PutObject'),
    files({ bucket }, 'audit', 'GetObject', 'PutObject'),
    listing({ bucket }, 'work', 'audit'),
    ...useKey(kmsKeyArn, region, ['secretsmanager'], ['kms:Decrypt', 'kms:GenerateDataKey']),
  ];
}

function whatStartingNeeds(names: Names, logGroup: LogGroup): PolicyStatement[] {
  return [
    // Logging in to ECR knows no resource; the image may lie in any repository of this account.
    allow(['ecr:GetAuthorizationToken'], ['*']),
    allow(
      ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      [names.arn('ecr', 'repository/*')],
    ),
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]),
  ];
}

function taskDefinition(
  scope: Construct,
  { names, bucket, worker, logLevel }: WorkerSettings,
  role: IRole,
  executionRole: Role,
  logGroup: LogGroup,
): FargateTaskDefinition {
  const problem = problemOfSize(worker);
  if (problem !== undefined) throw new Error(`worker: ${problem}`);
  const { cpu, memoryMiB } = sizeOf(worker);
  const definition = new FargateTaskDefinition(scope, 'Task', {
    family: names.of('worker'),
    cpu,
    memoryLimitMiB: memoryMiB,
    runtimePlatform: { cpuArchitecture: cpuOf(worker), operatingSystemFamily: OperatingSystemFamily.LINUX },
    taskRole: role,
    // Its policy above is complete; the log driver need not add to it.
    executionRole: executionRole.withoutPolicyUpdates(),
    // pg_dump and pg_restore want a place for their archive; everything else is read-only.
    volumes: [{ name: 'scratch' }],
  });
  const container = definition.addContainer('Worker', {
    containerName: WORKER_CONTAINER,
    image: imageOf(scope, worker),
    command: ['worker'],
    environment: {
      DEPLOYMENT: names.deployment,
      DEPLOYMENT_TAG: names.tag,
      BUCKET_NAME: bucket.bucketName,
      PGSSLROOTCERT: worker.caBundle ?? DEFAULT_CA_BUNDLE,
      RUST_LOG: logLevel,
      ...(worker.mostConnections === undefined ? {} : { MOST_CONNECTIONS: String(worker.mostConnections) }),
      ...(worker.copyPieceMiB === undefined ? {} : { COPY_PIECE_MIB: String(worker.copyPieceMiB) }),
      ...(worker.sampleAboveMiB !== undefined && { SAMPLE_ABOVE_MIB: String(worker.sampleAboveMiB) }),
    },
    logging: LogDrivers.awsLogs({ logGroup, streamPrefix: 'worker' }),
    user: USER,
    linuxParameters: withoutCapabilities(scope),
    readonlyRootFilesystem: true,
  });
  Validations.of(definition).acknowledge({
    id: 'AwsSolutions-ECS2',
    reason: 'The variables are names and a path; secrets are read by the worker itself, with its role',
  });
  // A restore keeps the revision that it began with: CloudFormation would deregister it when the next one is deployed.
  const { cfnOptions } = definition.node.defaultChild as CfnTaskDefinition;
  cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
  cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
  container.addMountPoints({ sourceVolume: 'scratch', containerPath: '/tmp', readOnly: false });
  return definition;
}

/** It opens connections and writes files of its own, for which Linux asks no capability. */
function withoutCapabilities(scope: Construct): LinuxParameters {
  const parameters = new LinuxParameters(scope, 'Linux');
  parameters.dropCapabilities(Capability.ALL);
  return parameters;
}
