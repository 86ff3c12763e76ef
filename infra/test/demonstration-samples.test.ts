import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { demonstrate, only, sampleArtifact } from './demonstration.ts';
import { ACCOUNT, named, REGION, resolve, type Resource, resources } from './template.ts';

const any = demonstrate('SingleAz');

describe('the sample tenants', () => {
  const empty = demonstrate('SingleAz', { sampleArtifact: undefined });
  const role = (name: string) => {
    const { Properties } = named(any, 'AWS::IAM::Role', 'RoleName', `tenant-restore-${name}`);
    assert.equal(Properties.ManagedPolicyArns, undefined);
    const policies = resolve(any, Properties.Policies) as {
      PolicyDocument: { Statement: Record<string, unknown>[] };
    }[];
    return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  };

  test('are left out on demand, with all that serves them', () => {
    assert.deepEqual(resources(empty, 'Custom::SampleTenants'), {});
    const functions = Object.values(resources(empty, 'AWS::Lambda::Function')).map((f) => f.Properties.FunctionName);
    assert.equal(functions.length, 8);
    assert.ok(!functions.includes('tenant-restore-activity'));
  });

  for (const name of ['sample-tenants', 'activity']) {
    test(`${name} may read the secret, write its log, be in the VPC, and nothing else`, () => {
      const [login, deny] = [
        role(name).filter(({ Effect }) => Effect === 'Allow'),
        role(name).filter(({ Effect }) => Effect === 'Deny'),
      ];
      const [attachment] = only(any, 'AWS::SecretsManager::SecretTargetAttachment');
      const interfaces = [
        'ec2:AssignPrivateIpAddresses',
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:UnassignPrivateIpAddresses',
      ];
      assert.deepEqual(
        login.map(({ Action, Resource }) => [Action, Resource]),
        [
          [
            ['logs:CreateLogStream', 'logs:PutLogEvents'],
            `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/aws/lambda/tenant-restore-${name}`,
          ],
          ['secretsmanager:GetSecretValue', attachment],
          [interfaces, '*'],
        ],
      );
      // What Lambda does for the function, its own code may not.
      assert.deepEqual(
        deny.map(({ Action, Condition }) => [Action, Condition]),
        [
          [
            interfaces,
            {
              ArnEquals: {
                'lambda:SourceFunctionArn': `arn:aws:lambda:${REGION}:${ACCOUNT}:function:tenant-restore-${name}`,
              },
            },
          ],
        ],
      );
    });

    test(`${name} verifies the database's certificate and is told no secret`, () => {
      const { Properties } = named(any, 'AWS::Lambda::Function', 'FunctionName', `tenant-restore-${name}`);
      const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
      assert.deepEqual(Object.keys(Variables).sort(), [
        'DATABASE_HOST',
        'DATABASE_PORT',
        'DATABASE_SECRET_ARN',
        'HANDLER',
        'PGSSLROOTCERT',
        'RUST_LOG',
      ]);
      assert.equal(Variables.HANDLER, name);
      const [database] = only(any, 'AWS::RDS::DBInstance');
      assert.deepEqual(
        [Variables.DATABASE_HOST, Variables.DATABASE_PORT],
        [{ 'Fn::GetAtt': [database, 'Endpoint.Address'] }, { 'Fn::GetAtt': [database, 'Endpoint.Port'] }],
      );
      assert.equal(Variables.PGSSLROOTCERT, '/var/task/rds-global-bundle.pem');
    });
  }

  test('use the customer key of the secret, if there is one, through Secrets Manager alone', () => {
    const key = `arn:aws:kms:${REGION}:${ACCOUNT}:key/0f0f0f0f-0000-4000-8000-000000000000`;
    const template = demonstrate('SingleAz', { kmsKeyArn: key });
    const { Properties } = named(template, 'AWS::IAM::Role', 'RoleName', 'tenant-restore-activity');
    const text = JSON.stringify(Properties.Policies);
    assert.match(
      text,
      new RegExp(
        `"Action":"kms:Decrypt","Condition":\\{"StringEquals":\\{"kms:ViaService":\\["secretsmanager.${REGION}`,
      ),
    );
    assert.equal(only(template, 'AWS::RDS::DBInstance')[1].Properties.KmsKeyId, key);
    assert.equal(only(template, 'AWS::SecretsManager::Secret')[1].Properties.KmsKeyId, key);
  });

  test('are loaded when the way to database, secret and CloudFormation is there, and before the first rotation', () => {
    const [id, tenants] = only(any, 'Custom::SampleTenants');
    const { DependsOn } = tenants as Resource & { DependsOn: string[] };
    const needed = [
      ...Object.keys(resources(any, 'AWS::EC2::VPCEndpoint')),
      ...Object.entries(resources(any, 'AWS::EC2::SecurityGroupIngress'))
        .filter(([key]) => key.startsWith('Flows'))
        .map(([key]) => key),
    ];
    for (const resource of needed) assert.ok(DependsOn.includes(resource), resource);
    assert.equal(tenants.Properties.ServiceTimeout, '600');
    const [, application] = only(any, 'AWS::Serverless::Application');
    assert.ok((application as Resource & { DependsOn: string[] }).DependsOn.includes(id));
  });

  test('of an Aurora cluster are loaded when its writer is there', () => {
    for (const kind of ['AuroraProvisioned', 'AuroraServerless'] as const) {
      const template = demonstrate(kind);
      const { DependsOn } = only(template, 'Custom::SampleTenants')[1] as Resource & { DependsOn: string[] };
      assert.ok(DependsOn.includes(only(template, 'AWS::RDS::DBInstance')[0]), kind);
    }
  });

  test('are active every minute, and what EventBridge cannot deliver is kept', () => {
    const rule = named(any, 'AWS::Events::Rule', 'Name', 'tenant-restore-activity-schedule');
    assert.deepEqual([rule.Properties.ScheduleExpression, rule.Properties.State], ['rate(1 minute)', 'ENABLED']);
    const [goal] = resolve(any, rule.Properties.Targets) as { DeadLetterConfig: { Arn: string } }[];
    assert.equal(
      goal?.DeadLetterConfig.Arn,
      `arn:aws:sqs:${REGION}:${ACCOUNT}:tenant-restore-undelivered-activity-schedule`,
    );
    const alarms = Object.values(resources(any, 'AWS::CloudWatch::Alarm')).map(
      ({ Properties }) => Properties.AlarmName,
    );
    for (const alarm of ['undelivered-activity-schedule', 'lost-activity-schedule']) {
      assert.ok(alarms.includes(`tenant-restore-${alarm}`), alarm);
    }
  });

  test('need an artifact with the binary and the certificates of RDS', () => {
    const without = (files: string[]) => () => demonstrate('SingleAz', { sampleArtifact: sampleArtifact(files) });
    assert.throws(without(['bootstrap']), /lacks rds-global-bundle\.pem: see infra\/README\.md/);
    assert.throws(without(['rds-global-bundle.pem']), /lacks bootstrap/);
  });
});
