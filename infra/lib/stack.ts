import { DefaultStackSynthesizer, type Environment, Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { TenantRestoreProps } from './props.ts';
import { TenantRestore } from './tenant-restore.ts';

/** A deployment as a stack of its own: keys and topics that are there already are named by ARN. */
export interface TenantRestoreStackProps extends Omit<TenantRestoreProps, 'messageKey' | 'topic' | 'alarmTopic'> {
  /** Customer key of the queues, and of the topic unless that is given; its policy lets EventBridge use it. */
  readonly messageKeyArn?: string;
  /** Where outcomes are told. @default a new topic */
  readonly topicArn?: string;
  /** Customer key of that topic, if it has one. */
  readonly topicKeyArn?: string;
  /** Whom alarms are sent to. @default nobody; alarms are shown only */
  readonly alarmTopicArn?: string;
}

export const KEY_WITHOUT_TOPIC = 'topicKeyArn is the key of topicArn, which is missing';

/** The same without what it is attached to. */
export type PipelineSettings = Omit<TenantRestoreStackProps, 'network' | 'source'>;

/** One deployment of the pipeline; its stack is named after it, `TenantRestore` by default. */
export class TenantRestoreStack extends Stack {
  /** The pipeline itself. */
  readonly pipeline: TenantRestore;

  constructor(scope: Construct, props: TenantRestoreStackProps, env?: Environment) {
    super(scope, stackNameOf(props.deployment ?? 'tenant-restore'), {
      description: 'Restores single PostgreSQL schemas side by side from a point in time',
      ...(env && { env }),
      // The manifest names the bootstrap version that is needed; a rule in the template would only repeat it.
      synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
    });
    this.pipeline = new TenantRestore(this, 'Pipeline', { ...props, ...imported(this, props) });
  }
}

/** The keys and topics that are named, as constructs. */
export function imported(
  stack: Stack,
  { messageKeyArn, topicArn, topicKeyArn, alarmTopicArn }: PipelineSettings,
): Pick<TenantRestoreProps, 'messageKey' | 'topic' | 'alarmTopic'> {
  if (topicKeyArn && !topicArn) throw new Error(KEY_WITHOUT_TOPIC);
  return {
    ...(messageKeyArn && { messageKey: Key.fromKeyArn(stack, 'MessageKey', messageKeyArn) }),
    ...(topicArn && {
      topic: Topic.fromTopicAttributes(stack, 'Topic', { topicArn, ...(topicKeyArn && { keyArn: topicKeyArn }) }),
    }),
    ...(alarmTopicArn && { alarmTopic: Topic.fromTopicArn(stack, 'AlarmTopic', alarmTopicArn) }),
  };
}

/** The name of a demonstration's stack. */
export function demonstrationNameOf(deployment = 'tenant-restore'): string {
  return deployment === 'tenant-restore' ? 'DatabaseLevelRestoreStack' : `${stackNameOf(deployment)}Demonstration`;
}

/** A stack's name from its deployment's. */
export function stackNameOf(deployment: string): string {
  return deployment
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
