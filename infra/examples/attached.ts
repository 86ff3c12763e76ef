/**
 * The pipeline in a stack of your own, beside an Aurora cluster that is already there:
 *
 *     LAMBDA_ARTIFACT=../target/release npx tsx examples/attached.ts
 *
 * Replace the ids by yours. Constructs that your app makes itself (`Vpc`, `DatabaseCluster`, `Key`, `Topic`) fit as well.
 */
import { App, Stack } from 'aws-cdk-lib';
import { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { DatabaseCluster } from 'aws-cdk-lib/aws-rds';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { clusterAsSource, networkIn, TenantRestore } from '../lib/index.ts';

const account = '111122223333';
const region = 'eu-west-3';
const artifact = process.env.LAMBDA_ARTIFACT;
if (!artifact) throw new Error('LAMBDA_ARTIFACT is missing: the directory that holds the Lambda binary `bootstrap`');

const app = new App({ ...(process.env.CDK_OUTDIR && { outdir: process.env.CDK_OUTDIR }) });
const stack = new Stack(app, 'TenantPlatform', {
  description: 'A platform of ours, with tenant restores',
  env: { account, region },
});

const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', {
  vpcId: 'vpc-0123456789abcdef0',
  availabilityZones: ['eu-west-3a', 'eu-west-3b'],
  privateSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
  isolatedSubnetIds: ['subnet-0123456789abcdef2', 'subnet-0123456789abcdef3'],
});
const cluster = DatabaseCluster.fromDatabaseClusterAttributes(stack, 'Production', {
  clusterIdentifier: 'production',
  securityGroups: [SecurityGroup.fromSecurityGroupId(stack, 'ProductionGroup', 'sg-0123456789abcdef0')],
});
const masterSecret = Secret.fromSecretCompleteArn(
  stack,
  'ProductionSecret',
  `arn:aws:secretsmanager:${region}:${account}:secret:production-AbCdEf`,
);

new TenantRestore(stack, 'TenantRestore', {
  network: networkIn({
    vpc,
    taskSubnets: { subnets: vpc.privateSubnets },
    databaseSubnets: { subnets: vpc.isolatedSubnets },
    sources: [cluster],
  }),
  source: clusterAsSource(cluster, masterSecret),
  lambdaArtifact: artifact,
  worker: { image: `${account}.dkr.ecr.${region}.amazonaws.com/tenant-restore-worker:1` },
  kmsKeyArn: `arn:aws:kms:${region}:${account}:key/0f0f0f0f-0000-4000-8000-000000000000`,
  messageKey: new Key(stack, 'Messages', { enableKeyRotation: true, description: 'Messages of tenant restores' }),
  topic: Topic.fromTopicArn(stack, 'Operations', `arn:aws:sns:${region}:${account}:operations`),
  publishers: [
    {
      id: 'SupportDesk',
      principalArn: 'arn:aws:iam::444455556666:role/support-desk',
      eventSources: ['support.desk'],
    },
    { id: 'Operators', principalArn: `arn:aws:iam::${account}:role/operators` },
  ],
  requesters: { 'support.desk': [{ databases: ['shop'] }], 'tenant-restore.cli': [{}] },
});

app.synth();
