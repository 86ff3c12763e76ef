import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Alias, type IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Names } from './names.ts';

/** How long the pipeline's records stay. */
export interface StorageProps {
  readonly names: Names;
  readonly auditDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly messageKey: IKey | undefined;
  readonly topic: ITopic | undefined;
}

/** What a restore writes down: its record and log (table), its files (bucket), its outcome (topic). */
export class Storage extends Construct {
  readonly table: Table;
  readonly bucket: Bucket;
  readonly topic: ITopic;
  /** Customer key of the topic. */
  readonly topicKey: IKey | undefined;

  constructor(scope: Construct, id: string, props: StorageProps) {
    super(scope, id);
    // The handlers publish without a message group, which a FIFO topic refuses (SNS API reference, Publish).
    if (props.topic?.fifo) throw new Error(`the topic ${props.topic.topicName} must be a standard topic`);
    this.table = auditTable(this, props);
    this.bucket = fileBucket(this, props);
    this.topic =
      props.topic ??
      new Topic(this, 'Outcomes', {
        topicName: props.names.of('outcomes'),
        enforceSSL: true,
        masterKey: props.messageKey ?? Alias.fromAliasName(this, 'TopicKey', 'alias/aws/sns'),
      });
    this.topicKey = props.topic ? props.topic.masterKey : props.messageKey;
  }
}

function auditTable(scope: Construct, { names, removalPolicy }: StorageProps): Table {
  const isKept = removalPolicy !== RemovalPolicy.DESTROY;
  const table = new Table(scope, 'Table', {
    tableName: names.deployment,
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    sortKey: { name: 'sk', type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    timeToLiveAttribute: 'expiresAt',
    deletionProtection: isKept,
    // Not RETAIN_ON_UPDATE_OR_DELETE: a failed creation could not delete what is protected, and would end as ROLLBACK_FAILED.
    removalPolicy: isKept ? RemovalPolicy.RETAIN : removalPolicy,
  });
  // Without the record itself: DynamoDB bills each change of what an index holds as another write.
  table.addGlobalSecondaryIndex({
    indexName: 'byStarted',
    partitionKey: { name: 'kind', type: AttributeType.STRING },
    sortKey: { name: 'startedAt', type: AttributeType.STRING },
    projectionType: ProjectionType.INCLUDE,
    nonKeyAttributes: ['announced'],
  });
  return table;
}

function fileBucket(scope: Construct, { names, auditDays, removalPolicy }: StorageProps): Bucket {
  const bucket = new Bucket(scope, 'Bucket', {
    bucketName: names.bucket,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    removalPolicy,
    lifecycleRules: [
      // The cleanup deletes a restore's work files; this is for what a crash leaves.
      {
        id: 'work',
        prefix: 'work/',
        expiration: Duration.days(7),
        abortIncompleteMultipartUploadAfter: Duration.days(1),
      },
      {
        id: 'audit',
        prefix: 'audit/',
        expiration: Duration.days(auditDays),
        abortIncompleteMultipartUploadAfter: Duration.days(1),
      },
    ],
  });
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Who may read it is a few roles. Who did is told by data events of CloudTrail, which the account may have of all buckets: infra/README.md says how to switch them on for this one; the stack makes no trail, and no second bucket for logs of this one',
  });
  return bucket;
}
