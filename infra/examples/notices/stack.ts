import { Duration, SecretValue, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { SlackChannelConfiguration } from 'aws-cdk-lib/aws-chatbot';
import { ApiDestination, Authorization, Connection, EventBus, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { ApiDestination as ToApi, SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { ManagedPolicy, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { SubscriptionFilter, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription, SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { customNotification, TOLD, webhookMessage } from './texts.ts';

export interface NoticesStackProps extends StackProps {
  /** Name of the deployment that is listened to. */
  readonly deployment: string;
  /** Gets failed and rejected restores by e-mail, after the link in the first mail was followed. */
  readonly onCall: string;
  /** Name of the secret with `url` and `key` of the webhook. */
  readonly webhookSecret: string;
  /** Where Amazon Q Developer, authorized there by hand before, tells of restores. */
  readonly slack: { readonly workspaceId: string; readonly channelId: string };
}

/** Who hears of restores. */
export class NoticesStack extends Stack {
  private readonly deployment: string;

  constructor(scope: Construct, id: string, props: NoticesStackProps) {
    super(scope, id, props);
    this.deployment = props.deployment;
    this.subscribe(props.onCall);
    const bus = EventBus.fromEventBusName(this, 'Bus', props.deployment);
    const letters = new Queue(this, 'Undelivered', {
      queueName: `${props.deployment}-notices-undelivered`,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(letters).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason:
        'It is the dead-letter queue of the rules; watch its ApproximateNumberOfMessagesVisible as you watch others',
    });
    const webhook = this.webhook(props.webhookSecret);
    const chat = this.chat(props.slack);
    for (const told of TOLD) {
      new Rule(this, told, {
        eventBus: bus,
        eventPattern: { source: ['tenant-restore'], detailType: [told] },
        targets: [
          new ToApi(webhook, {
            event: RuleTargetInput.fromObject(webhookMessage(told)),
            deadLetterQueue: letters,
            maxEventAge: Duration.hours(1),
          }),
          new SnsTopic(chat, {
            message: RuleTargetInput.fromObject(customNotification(told)),
            deadLetterQueue: letters,
          }),
        ],
      });
    }
  }

  /** The outcomes' own topic: text for people, JSON for programs, each only what it asks for. */
  private subscribe(onCall: string): void {
    const arn = this.formatArn({ service: 'sns', resource: `${this.deployment}-outcomes` });
    const outcomes = Topic.fromTopicArn(this, 'Outcomes', arn);
    const only = (...allowlist: string[]) => SubscriptionFilter.stringFilter({ allowlist });
    outcomes.addSubscription(new EmailSubscription(onCall, { filterPolicy: { outcome: only('FAILED', 'REJECTED') } }));
    const queue = new Queue(this, 'Completed', {
      queueName: `${this.deployment}-completed-of-shop`,
      enforceSSL: true,
      deadLetterQueue: {
        queue: new Queue(this, 'CompletedDead', { enforceSSL: true, retentionPeriod: Duration.days(14) }),
        maxReceiveCount: 5,
      },
    });
    const filterPolicy = { outcome: only('COMPLETED'), database: only('shop') };
    outcomes.addSubscription(new SqsSubscription(queue, { filterPolicy, rawMessageDelivery: true }));
  }

  /**
   * The webhook. Its address is a reference that CloudFormation resolves, so it is in no template; who may call
   * DescribeApiDestination sees it. After a change of the secret, change the stack too: it is resolved only then.
   */
  private webhook(secret: string): ApiDestination {
    const of = (field: string) => SecretValue.secretsManager(secret, { jsonField: field });
    return new ApiDestination(this, 'Webhook', {
      apiDestinationName: `${this.deployment}-chat`,
      description: 'Tells a chat of tenant restores',
      endpoint: of('url').unsafeUnwrap(),
      // Slack takes a message a second from a webhook.
      rateLimitPerSecond: 1,
      connection: new Connection(this, 'WebhookConnection', {
        connectionName: `${this.deployment}-chat`,
        authorization: Authorization.apiKey('X-Tenant-Restore', of('key')),
      }),
    });
  }

  /** A topic in the form that Amazon Q Developer shows, and the channel that it shows it in. */
  private chat(slack: NoticesStackProps['slack']): Topic {
    // EventBridge can't use the key alias/aws/sns, whose policy nobody may change.
    const masterKey = new Key(this, 'ChatKey', { enableKeyRotation: true, description: 'Restores told to a chat' });
    masterKey.grantEncryptDecrypt(new ServicePrincipal('events.amazonaws.com'));
    const topic = new Topic(this, 'Chat', { topicName: `${this.deployment}-chat`, masterKey, enforceSSL: true });
    new SlackChannelConfiguration(this, 'Channel', {
      slackChannelConfigurationName: `${this.deployment}-restores`,
      slackWorkspaceId: slack.workspaceId,
      slackChannelId: slack.channelId,
      notificationTopics: [topic],
      // It tells, and lets nobody in the channel do anything.
      guardrailPolicies: [ManagedPolicy.fromAwsManagedPolicyName('AWSDenyAll')],
    });
    return topic;
  }
}
