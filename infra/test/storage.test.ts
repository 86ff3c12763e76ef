import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RemovalPolicy } from 'aws-cdk-lib';
import { demonstrate } from './demonstration.ts';
import { ACCOUNT, REGION, type Resource, resolve, resources, synthesize } from './template.ts';

const template = synthesize({ auditDays: 90 });
const only = (type: string, from = template) => {
  const found = Object.values(resources(from, type));
  assert.equal(found.length, 1, type);
  return found[0] as (typeof found)[0] & { DeletionPolicy: string };
};

describe('the audit table', () => {
  const table = only('AWS::DynamoDB::Table').Properties;

  test('has the keys, the expiry and the index that handlers and command line use', () => {
    assert.deepEqual(table.KeySchema, [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ]);
    assert.deepEqual(table.TimeToLiveSpecification, { AttributeName: 'expiresAt', Enabled: true });
    const [index] = table.GlobalSecondaryIndexes as Record<string, unknown>[];
    assert.equal(index?.IndexName, 'byStarted');
    assert.deepEqual(index.KeySchema, [
      { AttributeName: 'kind', KeyType: 'HASH' },
      { AttributeName: 'startedAt', KeyType: 'RANGE' },
    ]);
  });

  test('has an index that no save of a record changes but the last: each change of an index is a write of its own', () => {
    const [index] = table.GlobalSecondaryIndexes as Record<string, unknown>[];
    assert.deepEqual(index?.Projection, { ProjectionType: 'INCLUDE', NonKeyAttributes: ['announced'] });
  });

  test('costs nothing when idle and can itself be restored to a point in time', () => {
    assert.equal(table.BillingMode, 'PAY_PER_REQUEST');
    assert.deepEqual(table.PointInTimeRecoverySpecification, { PointInTimeRecoveryEnabled: true });
  });
});

describe('the bucket', () => {
  const bucket = only('AWS::S3::Bucket').Properties;

  test('is private, encrypted and reached by TLS alone', () => {
    assert.deepEqual(bucket.PublicAccessBlockConfiguration, {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    assert.match(JSON.stringify(bucket.BucketEncryption), /AES256/);
    const policy = JSON.stringify(only('AWS::S3::BucketPolicy').Properties.PolicyDocument);
    assert.match(policy, /"aws:SecureTransport":"false"\}\},"Effect":"Deny"/);
  });

  test('forgets forgotten work files after a week, and audits when the deployment says so', () => {
    const { Rules } = bucket.LifecycleConfiguration as { Rules: Record<string, unknown>[] };
    assert.deepEqual(
      Rules.map((rule) => [rule.Prefix, rule.ExpirationInDays]),
      [
        ['work/', 7],
        ['audit/', 90],
      ],
    );
  });
});

describe('the topic', () => {
  test('is encrypted and reached by TLS alone', () => {
    const topic = resolve(template, only('AWS::SNS::Topic').Properties) as Record<string, unknown>;
    assert.match(String(topic.KmsMasterKeyId), /alias\/aws\/sns$/);
    const policy = JSON.stringify(only('AWS::SNS::TopicPolicy').Properties.PolicyDocument);
    assert.match(policy, /"aws:SecureTransport":"false"\}\},"Effect":"Deny"/);
  });
});

describe('a topic that is there already', () => {
  const topicArn = `arn:aws:sns:${REGION}:${ACCOUNT}:outcomes`;

  test('is no FIFO topic: outcomes have no message group', () => {
    assert.throws(() => synthesize({ topicArn: `${topicArn}.fifo` }), /outcomes\.fifo must be a standard topic/);
    assert.doesNotThrow(() => synthesize({ topicArn }));
  });

  test('comes with its key, not the key alone', () => {
    const topicKeyArn = `arn:aws:kms:${REGION}:${ACCOUNT}:key/0f0f0f0f-0000-4000-8000-000000000000`;
    assert.throws(() => synthesize({ topicKeyArn }), /topicKeyArn is the key of topicArn, which is missing/);
    assert.doesNotThrow(() => synthesize({ topicArn, topicKeyArn }));
  });
});

describe('what a restore wrote down', () => {
  test('outlives the pipeline unless the deployment says otherwise', () => {
    const temporary = synthesize({ removalPolicy: RemovalPolicy.DESTROY });
    for (const type of ['AWS::DynamoDB::Table', 'AWS::S3::Bucket']) {
      assert.match(only(type).DeletionPolicy, /^Retain/, type);
      assert.equal(only(type, temporary).DeletionPolicy, 'Delete', type);
    }
    assert.equal(only('AWS::DynamoDB::Table').Properties.DeletionProtectionEnabled, true);
    assert.equal(only('AWS::DynamoDB::Table', temporary).Properties.DeletionProtectionEnabled, false);
  });

  test('is none when the creation fails: only the table stays then, which CloudFormation could not delete', () => {
    type Kept = Resource & { readonly DeletionPolicy?: string };
    for (const from of [template, demonstrate('SingleAz'), demonstrate('AuroraServerless')]) {
      const { Resources } = from.toJSON() as { Resources: Record<string, Kept> };
      const kept = Object.values(Resources).filter(({ DeletionPolicy }) => DeletionPolicy === 'Retain');
      assert.deepEqual(
        kept.map(({ Type }) => Type),
        ['AWS::DynamoDB::Table'],
      );
      const groups = Object.values(resources(from, 'AWS::Logs::LogGroup')) as Kept[];
      for (const { DeletionPolicy } of groups) assert.equal(DeletionPolicy, 'RetainExceptOnCreate');
    }
  });
});
