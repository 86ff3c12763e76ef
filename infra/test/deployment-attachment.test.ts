import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { REGION, SECRET, attached, problems, refused, subnet } from './account.ts';

describe('what a deployment is attached to', () => {
  test('must be there', async () => {
    const found = await problems({
      'ec2 describe-subnets --subnet-ids subnet-a': refused('InvalidSubnetID.NotFound'),
      'ec2 describe-security-groups': refused('InvalidGroup.NotFound'),
      'rds describe-db-instances': refused('DBInstanceNotFound'),
      'secretsmanager describe-secret': refused('ResourceNotFoundException'),
    });
    assert.deepEqual(found, [
      'subnetIds: not all of subnet-a, subnet-b are there',
      'securityGroupIds: not all of sg-1 are there',
      'source: there is no instance or cluster production here',
      `sourceSecretArn: there is no secret ${SECRET}`,
    ]);
  });

  test('must be in one VPC, and its subnets in two zones', async () => {
    const found = await problems({
      'ec2 describe-subnets --subnet-ids subnet-a': { Subnets: [subnet('subnet-a', 'a'), subnet('subnet-b', 'a')] },
      'ec2 describe-subnets --subnet-ids subnet-c': {
        Subnets: [subnet('subnet-c', 'a'), subnet('subnet-d', 'b', 'vpc-2')],
      },
      'ec2 describe-security-groups': { SecurityGroups: [{ GroupId: 'sg-1', VpcId: 'vpc-2' }] },
      'rds describe-db-instances': { DBInstances: [{ Engine: 'postgres', DBSubnetGroup: { VpcId: 'vpc-2' } }] },
    });
    assert.deepEqual(found, [
      `subnetIds: all in one zone (${REGION}a); name subnets of two zones at least`,
      'databaseSubnetIds: subnet-d is not in the VPC vpc-1',
      'securityGroupIds: sg-1 is not in the VPC vpc-1',
      'source: production is in the VPC vpc-2, not in vpc-1',
    ]);
  });

  test('may be a cluster, whose answer names its subnet group alone', async () => {
    const cluster = { Engine: 'aurora-postgresql', DBSubnetGroup: 'private' };
    const found = await problems({
      'rds describe-db-instances': refused('DBInstanceNotFound'),
      'rds describe-db-clusters': { DBClusters: [cluster] },
    });
    assert.deepEqual(found, []);
  });

  test("may not be a member of a cluster, whose backups are the cluster's", async () => {
    const member = (DBClusterIdentifier: string) => ({
      'rds describe-db-instances': {
        DBInstances: [{ Engine: 'aurora-postgresql', DBSubnetGroup: { VpcId: 'vpc-1' }, DBClusterIdentifier }],
      },
    });
    assert.deepEqual(await problems(member('ledger')), [
      'source: production is a member of the cluster ledger: name that',
    ]);
    assert.deepEqual(await problems(member('production')), []);
  });

  test('must be PostgreSQL', async () => {
    const found = await problems({ 'rds describe-db-instances': { DBInstances: [{ Engine: 'mysql' }] } });
    assert.deepEqual(found, ['source: production is mysql; postgres and aurora-postgresql can be restored']);
  });

  test('must have the full ARN of its secret, and say so if RDS manages that', async () => {
    const managed = { 'secretsmanager describe-secret': { ARN: SECRET, OwningService: 'rds' } };
    assert.deepEqual(await problems(managed), [
      'sourceSecretArn: RDS manages this secret: set `managedSecrets` to `true`',
    ]);
    assert.deepEqual(await problems(managed, { ...attached, managedSecrets: true }), []);
    // The name alone, whose end looks like what Secrets Manager adds.
    const short = { ...attached, sourceSecretArn: SECRET.replace('-AbCdEf', '-master') };
    assert.match((await problems({}, short)).join(), /the full ARN is .*-AbCdEf, not/);
  });
});
