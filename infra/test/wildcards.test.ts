import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { App, Fn, Stack } from 'aws-cdk-lib';
import { type Granted, wildcardsOf } from '../lib/wildcards.ts';
import { ACCOUNT, REGION } from './template.ts';

const stack = new Stack(new App(), 'Stack', { env: { account: ACCOUNT, region: REGION } });
const arn = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
const explained = (statement: Granted) => wildcardsOf(stack, [statement]).every(({ reason }) => reason !== undefined);

describe('the reason of a wildcard', () => {
  const ofOurDeployment = { StringEquals: { 'aws:ResourceTag/tenant-restore:deployment': 'tenant-restore' } };
  const optedIn = (isMissing: string) => ({ Null: { 'aws:ResourceTag/tenant-restore:secret': isMissing } });
  const ourRequestTag = { StringEquals: { 'aws:RequestTag/tenant-restore:deployment': 'tenant-restore' } };
  const ourCluster = { ArnEquals: { 'ecs:cluster': arn('ecs', 'cluster/tenant-restore') } };
  const cases: readonly [action: string, resource: string, conditions: unknown, holds: boolean][] = [
    ['secretsmanager:GetSecretValue', arn('secretsmanager', 'secret:*'), ofOurDeployment, true],
    ['secretsmanager:GetSecretValue', arn('secretsmanager', 'secret:*'), undefined, false],
    ['secretsmanager:DeleteSecret', arn('secretsmanager', 'secret:*'), ofOurDeployment, false],
    ['secretsmanager:DeleteSecret', arn('secretsmanager', 'secret:tr-main-*'), undefined, true],
    ['rds:DescribeDBInstances', arn('rds', 'db:*'), undefined, true],
    ['rds:DeleteDBInstance', arn('rds', 'db:*'), undefined, false],
    ['rds:RestoreDBInstanceToPointInTime', arn('rds', 'db:*'), optedIn('false'), true],
    ['rds:RestoreDBInstanceToPointInTime', arn('rds', 'db:*'), optedIn('true'), false],
    ['rds:RestoreDBInstanceToPointInTime', arn('rds', 'db:*'), undefined, false],
    ['rds:DeleteDBSnapshot', arn('rds', 'snapshot:*'), undefined, false],
    ['rds:ModifyDBParameterGroup', arn('rds', 'pg:*'), undefined, false],
    ['ecr:PutImage', arn('ecr', 'repository/*'), undefined, false],
    ['dms:CreateEndpoint', '*', ourRequestTag, true],
    ['dms:CreateEndpoint', '*', undefined, false],
    ['dms:AddTagsToResource', arn('dms', 'rep:*'), ourRequestTag, true],
    ['dms:AddTagsToResource', arn('dms', 'rep:*'), undefined, false],
    ['dms:DeleteReplicationInstance', arn('dms', 'rep:*'), ourRequestTag, false],
    ['ecs:ListTasks', '*', ourCluster, true],
    ['ecs:ListTasks', '*', undefined, false],
    ['dms:DescribeEndpoints', '*', undefined, true],
    ['dms:DeleteEndpoint', '*', undefined, false],
    ['xray:PutTraceSegments', '*', undefined, true],
    ['xray:GetTraceSummaries', '*', undefined, false],
  ];
  for (const [action, resource, conditions, holds] of cases) {
    const how = conditions === undefined ? 'without a condition' : `with ${JSON.stringify(conditions)}`;
    test(`${holds ? 'is known' : 'is none'} for ${action} on ${resource} ${how}`, () => {
      assert.equal(explained({ actions: [action], resources: [resource], conditions }), holds);
    });
  }

  test('is needed for each action of a statement', () => {
    const resources = [arn('rds', 'db:*')];
    assert.equal(explained({ actions: ['rds:DescribeDBInstances', 'rds:RebootDBInstance'], resources }), false);
  });
});

describe('a resource', () => {
  test('is written as cdk-nag writes it, whatever CloudFormation makes it of', () => {
    const prefix = Fn.importValue('Prefix');
    const resources = [
      prefix,
      Fn.sub('arn:${AWS::Partition}:s3:::*'),
      Fn.join('', ['arn:aws:s3:::', prefix, '/*']),
      Fn.select(1, Fn.split('*', Fn.importValue('Names'))),
      Fn.findInMap('Map', 'Key', '*'),
    ];
    assert.deepEqual(
      wildcardsOf(stack, [{ actions: ['s3:GetObject'], resources }]).map(({ resource }) => resource),
      [
        'arn:<AWS::Partition>:s3:::*',
        'arn:aws:s3:::Prefix/*',
        '{"Fn::Select":[1,{"Fn::Split":["*",{"Fn::ImportValue":"Names"}]}]}',
        '{"Fn::FindInMap":["Map","Key","*"]}',
      ],
    );
  });
});
