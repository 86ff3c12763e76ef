import { Fn, RemovalPolicy } from 'aws-cdk-lib';
import { KINDS } from '../lib/demonstration/kind.ts';
import type { DatabaseLevelRestoreStackProps } from '../lib/demonstration/stack.ts';
import type { TenantRestoreStackProps } from '../lib/stack.ts';
import { demonstrationProps } from './demonstration.ts';
import { ACCOUNT, props, REGION } from './template.ts';

const key = (digit: string) => `arn:aws:kms:${REGION}:${ACCOUNT}:key/${digit.repeat(8)}-0000-4000-8000-000000000000`;
const topic = (name: string) => `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`;

/** Deployments that differ in what is made, for the checks of whole templates. */
export const VARIANTS: Readonly<Record<string, Partial<TenantRestoreStackProps>>> = {
  'as it comes': {},
  'with everything attached': {
    network: {
      ...props().network,
      s3PrefixListId: 'pl-0123456789abcdef0',
      endpointSecurityGroupIds: ['sg-0123456789abcdef1'],
    },
    kmsKeyArn: key('1'),
    messageKeyArn: key('2'),
    topicArn: topic('outcomes'),
    topicKeyArn: key('3'),
    alarmTopicArn: topic('operations'),
    managedSecrets: true,
    publishers: [{ id: 'Desk', principalArn: 'arn:aws:iam::444455556666:root', eventSources: ['support.desk'] }],
    requesters: { 'support.desk': [{ sources: ['production'], databases: ['shop'], schemas: ['customer_*'] }] },
  },
  'with what other stacks export': {
    source: { identifier: Fn.importValue('Database'), secretArn: Fn.importValue('SecretArn') },
    kmsKeyArn: Fn.importValue('DatabaseKeyArn'),
    messageKeyArn: Fn.importValue('MessageKeyArn'),
    topicArn: Fn.importValue('TopicArn'),
    topicKeyArn: Fn.select(0, Fn.split(',', Fn.importValue('TopicKeyArns'))),
    alarmTopicArn: Fn.importValue('OperationsArn'),
  },
};

const thrownAway = {
  removalPolicy: RemovalPolicy.DESTROY,
  kmsKeyArn: key('1'),
  messageKeyArn: key('2'),
  topicArn: topic('outcomes'),
  topicKeyArn: key('3'),
  alarmTopicArn: topic('operations'),
  dmsRoles: 'create',
  s3PrefixListId: 'pl-0123456789abcdef0',
} as const;

/** Demonstrations of every kind; and of an instance and a cluster, what options make otherwise. */
export const DEMONSTRATIONS: Readonly<Record<string, DatabaseLevelRestoreStackProps>> = {
  ...Object.fromEntries(KINDS.map((kind) => [`of ${kind}`, demonstrationProps(kind)])),
  'without sample tenants': demonstrationProps('SingleAz', { sampleArtifact: undefined }),
  'of an instance to throw away': demonstrationProps('SingleAz', thrownAway),
  'of a cluster to throw away': demonstrationProps('AuroraServerless', thrownAway),
};
