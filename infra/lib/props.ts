import type { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';

/** Where the pipeline meets the databases. */
export interface NetworkProps {
  /** The VPC of the source databases. */
  readonly vpcId: string;
  /**
   * Private subnets, in two zones at least, of the ECS tasks and the DMS replication instances. They need a way to S3,
   * Secrets Manager, ECR and CloudWatch Logs: VPC endpoints or NAT.
   */
  readonly taskSubnetIds: readonly string[];
  /** Isolated subnets, in two zones at least, of the temporary databases. */
  readonly databaseSubnetIds: readonly string[];
  /** Security groups of the source databases; each is given an ingress rule from the tasks and from DMS. */
  readonly sourceSecurityGroupIds: readonly string[];
  /** Ports on which the databases listen. @default [5432] */
  readonly databasePorts?: readonly number[];
  /** Groups of the ECS tasks and the DMS replication instances, with their rules. @default a new one */
  readonly workerSecurityGroupIds?: readonly string[];
  /**
   * S3's prefix list in the region, and the security groups of the VPC's interface endpoints, which let the workers in at
   * port 443. Both together: the workers reach nothing else at that port then. The layers of an image in ECR and the files
   * of restores come from S3 by its gateway, all else from the endpoints.
   * @default any address, since AWS's are public ones without endpoints, and a security group knows no names
   */
  readonly s3PrefixListId?: string;
  /** See `s3PrefixListId`. @default any address */
  readonly endpointSecurityGroupIds?: readonly string[];
  /** Groups of the temporary databases; they should allow no egress. @default a new one without egress */
  readonly databaseSecurityGroupIds?: readonly string[];
}

/** The source that a request means when it names none. */
export interface SourceProps {
  /** Identifier of the instance or cluster. */
  readonly identifier: string;
  /** Full ARN of the secret with its master credentials (JSON with `username` and `password`). */
  readonly secretArn: string;
}

/** The processor of the worker's tasks. */
export type WorkerArchitecture = 'arm64' | 'x86_64';

/** The ECS worker. */
export interface WorkerProps {
  /**
   * Image of the worker; or the folder that it is built from, which begins with `/`, `./` or `../`: `make build` writes it
   * to `dist/image`, and the deployment builds and publishes it.
   */
  readonly image: string;
  /** The processor that the image is for. @default arm64 */
  readonly architecture?: WorkerArchitecture;
  /** Path of the CA bundle inside the image. @default /etc/ssl/certs/rds-global-bundle.pem */
  readonly caBundle?: string;
  /** Size of a table on disk above which its content is compared by a sample of about as much. @default every row is compared */
  readonly sampleAboveMiB?: number;
  /** CPU units, of which Fargate has some numbers only. @default 1024 */
  readonly cpu?: number;
  /** Memory in MiB, as Fargate has it for these CPU units: twice the largest row at least. @default 2048 */
  readonly memoryMiB?: number;
  /** Connections that load or build in production at once, at most; also a quarter of those left there. @default 4 */
  readonly mostConnections?: number;
  /** MiB on disk, about, that one transaction copies. @default 256 */
  readonly copyPieceMiB?: number;
}

/** The DMS replication instances. */
export interface ReplicationProps {
  /** Class of the replication instances. @default dms.t3.medium */
  readonly instanceClass?: string;
  /** ARN of the DMS certificate for connections with verify-full. @default none */
  readonly caCertificateArn?: string;
}

/**
 * What an event source may request. Each list holds names, or beginnings of names that end in `*`; one that is absent
 * allows all.
 */
export interface Grant {
  /** Instances and clusters, by identifier. @default all */
  readonly sources?: readonly string[];
  /** Instances and clusters to restore into, where that isn't the source. @default as sources */
  readonly targets?: readonly string[];
  /** Databases. @default all */
  readonly databases?: readonly string[];
  /** Schemas. @default all */
  readonly schemas?: readonly string[];
}

/** Grants by the `source` of the events that ask; `*` stands for all event sources that aren't named. */
export type Requesters = Readonly<Record<string, readonly Grant[]>>;

/** What the sweeper does on its schedule: mend what it finds, only report it, or nothing. */
export type Sweeping = 'mend' | 'report' | 'off';

/** Who may publish requests. */
export interface Publisher {
  /** Names the statement in the bus's policy: letters, digits, hyphens and underscores. */
  readonly id: string;
  /** ARN of a principal, in any account: a role, or the root of an account. */
  readonly principalArn: string;
  /** As which event sources it may publish; `requesters` says what these may ask for. @default any but the pipeline's */
  readonly eventSources?: readonly string[];
}

/** What a deployment of the pipeline is made of. */
export interface TenantRestoreProps {
  /** Where the pipeline meets the databases. */
  readonly network: NetworkProps;
  /** The source that a request means when it names none. */
  readonly source: SourceProps;
  /** Directory that holds the Lambda binary `bootstrap` (arm64). */
  readonly lambdaArtifact: string;
  /** The ECS worker. */
  readonly worker: WorkerProps;
  /** Name of the deployment, prefix of every fixed name. @default tenant-restore */
  readonly deployment?: string;
  /** Short tag in the names of temporary resources: `[a-z][a-z0-9]{0,5}`. @default main */
  readonly deploymentTag?: string;
  /** The DMS replication instances. */
  readonly replication?: ReplicationProps;
  /** Also accept sources whose secret RDS manages (tag `tenant-restore:secret` = `managed`). @default false */
  readonly managedSecrets?: boolean;
  /** Customer key of the sources, the temporary databases, secrets and replication instances. @default AWS managed keys */
  readonly kmsKeyArn?: string;
  /** Tick intervals and deadlines as JSON, for the functions. @default their own */
  readonly pace?: string;
  /** What the sweeper does every 15 minutes. @default mend */
  readonly sweeping?: Sweeping;
  /**
   * What each event source may request, plan, cancel and replay; one grant must cover a request whole. Whether a
   * publisher may use an event source at all is the matter of its policy: condition `events:source`.
   * @default every event source everything
   */
  readonly requesters?: Requesters;
  /**
   * Who may publish on the bus; everybody else is denied, whatever their own policy says.
   * @default principals of the account whose policy allows `events:PutEvents`
   */
  readonly publishers?: readonly Publisher[];
  /** Days that the archive of the bus keeps events. @default 30 */
  readonly archiveDays?: number;
  /** Whether the schemas of the events are put into a registry of EventBridge. @default true */
  readonly schemaRegistry?: boolean;
  /**
   * Customer key of the queues, and of the topic unless that is given. A key that the app makes gets the statement that
   * lets EventBridge use it; the policy of one that is imported must have it already.
   * @default keys that SQS and SNS manage
   */
  readonly messageKey?: IKey;
  /** Where outcomes are told. One with a customer key is given with it (`Topic.fromTopicAttributes`). @default a new one */
  readonly topic?: ITopic;
  /**
   * Whom alarms are sent to. CloudWatch can't publish to a topic that is encrypted by the key that SNS manages.
   * @default nobody; alarms are shown only
   */
  readonly alarmTopic?: ITopic;
  /** How many restores run at a time, as JSON: `overall` and `perSource`; what is over waits. @default 10 and 3 */
  readonly admission?: string;
  /** On-demand prices of the region as JSON, for what the pipeline tells of costs. @default what it knows of the region */
  readonly prices?: string;
  /** Classes and storage of temporary databases as JSON, for the functions. @default those of the source */
  readonly databases?: string;
  /** Whether X-Ray is told of each restore, and of the functions' invocations. @default true */
  readonly tracing?: boolean;
  /** `RUST_LOG` of functions and worker. @default info */
  readonly logLevel?: string;
  /** How long logs are kept. @default three months */
  readonly logRetention?: RetentionDays;
  /** Days that what restores leave for an audit stays in the bucket. @default 365 */
  readonly auditDays?: number;
  /** What becomes of table, bucket and logs when the pipeline is removed. @default RETAIN_ON_UPDATE_OR_DELETE */
  readonly removalPolicy?: RemovalPolicy;
}
