import type { EventBus } from 'aws-cdk-lib/aws-events';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Names } from './names.ts';
import type { Placement } from './placement.ts';
import type { SourceProps } from './props.ts';
import type { Queues } from './queues.ts';
import type { Worker } from './worker.ts';

/** What phases refer to when they say what wakes them and what they may do. */
export interface Pipeline {
  readonly names: Names;
  readonly region: string;
  readonly bus: EventBus;
  readonly queues: Queues;
  readonly table: Table;
  readonly bucket: Bucket;
  readonly topic: ITopic;
  readonly worker: Worker;
  readonly placement: Placement;
  readonly source: SourceProps;
  readonly managedSecrets: boolean;
  readonly kmsKeyArn: string | undefined;
  /** Customer key of the queues. */
  readonly messageKey: IKey | undefined;
  /** Customer key of the topic. */
  readonly topicKey: IKey | undefined;
}
