import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type Came, type Does, refuses, says, script } from './scripts.ts';

const SECRET = 'arn:aws:secretsmanager:eu-west-3:111122223333:secret:production-AbCdEf';
const subnets = (...ids: string[]) =>
  says({
    Subnets: ids.map((SubnetId, at) => ({ SubnetId, VpcId: 'vpc-1', AvailabilityZone: `eu-west-3${'ab'[at]}` })),
  });

/** A deployment that is there, whose intake a removal has left at rest. */
const RESTING: Does = {
  'sts get-caller-identity': says({ Account: '111122223333' }),
  'ssm get-parameter --name /cdk-bootstrap': says({ Parameter: { Value: '21' } }),
  'ssm get-parameter': says({ Parameter: { Value: 'tenant-restore' } }),
  'cloudformation describe-stacks': says({ Stacks: [{ StackStatus: 'UPDATE_COMPLETE' }] }),
  'iam get-role': says({}),
  'schemas list-registries': says({ Registries: [] }),
  'ec2 describe-subnets --subnet-ids subnet-a': subnets('subnet-a', 'subnet-b'),
  'ec2 describe-subnets --subnet-ids subnet-c': subnets('subnet-c', 'subnet-d'),
  'ec2 describe-security-groups': says({ SecurityGroups: [{ GroupId: 'sg-1', VpcId: 'vpc-1' }] }),
  'rds describe-db-instances': says({ DBInstances: [{ Engine: 'postgres', DBSubnetGroup: { VpcId: 'vpc-1' } }] }),
  'rds describe-db-clusters': refuses('DBClusterNotFoundFault'),
  'secretsmanager describe-secret': says({ ARN: SECRET }),
  'lambda list-event-source-mappings': says({ EventSourceMappings: [{ UUID: 'feed' }] }),
  'lambda update-event-source-mapping --uuid feed --enabled': 'touch $HERE/enabled; echo {}',
  'lambda get-event-source-mapping': `if [ -e $HERE/enabled ]; then ${says({ State: 'Enabled' })}; else ${says({ State: 'Disabled' })}; fi`,
};

const artifact = mkdtempSync(join(tmpdir(), 'artifact-'));
const header = Buffer.alloc(64);
header.write('\x7fELF', 'latin1');
header.writeUInt16LE(183, 18);
writeFileSync(join(artifact, 'bootstrap'), header);
after(() => {
  rmSync(artifact, { recursive: true });
});

/** `make deploy` of it, but for what is said otherwise. */
function deploy(otherwise: Does = {}, cdk = 'exit 0'): Promise<Came> {
  const settings = {
    region: 'eu-west-3',
    vpcId: 'vpc-1',
    subnetIds: 'subnet-a,subnet-b',
    databaseSubnetIds: 'subnet-c,subnet-d',
    securityGroupIds: 'sg-1',
    source: 'production',
    sourceSecretArn: SECRET,
    lambdaArtifact: artifact,
    workerImage: 'registry.example/worker:1',
  };
  return script('deploy', { settings, aws: { ...otherwise, ...RESTING, ...otherwise }, cdk: { deploy: cdk } });
}

const changes = ({ calls }: Came) => calls.filter((call) => /^(cdk |aws lambda update-)/.test(call));

describe('a deployment', () => {
  test('whose intake a removal has left at rest has it go on when the stack is as it should be', async () => {
    const came = await deploy();
    assert.equal(came.status, 0, came.stderr);
    const [stack, intake, ...more] = changes(came);
    assert.match(stack ?? '', /^cdk deploy /);
    assert.match(intake ?? '', /^aws lambda update-event-source-mapping --uuid feed --enabled /);
    assert.deepEqual(more, []);
    assert.match(came.stdout, /tenant-restore is deployed/);
  });

  test('that the CDK fails at leaves intake as it is', async () => {
    const came = await deploy({}, 'exit 1');
    assert.equal(came.status, 1);
    assert.match(came.stderr, /^cdk deploy failed$/m);
    assert.equal(changes(came).length, 1);
  });

  test('of somebody who may not look at all of it is told that, and all that the other looks find', async () => {
    const came = await deploy({
      'iam get-role': refuses('AccessDenied', 'User: arn:aws:iam::111122223333:user/ada is not authorized'),
      'ec2 describe-subnets --subnet-ids subnet-a': refuses('UnauthorizedOperation'),
      'ec2 describe-security-groups': refuses('InvalidGroup.NotFound'),
      'ssm get-parameter --name /tenant-restore': says({ Parameter: { Value: 'blue' } }),
    });
    assert.equal(came.status, 1);
    for (const told of [
      /^nothing was changed:$/m,
      /could not be looked at: deploy with credentials that may look at it: aws iam get-role: .*ada is not authorized/,
      /could not be looked at: deploy with credentials that may look at it: aws ec2 describe-subnets: /,
      /^ {2}securityGroupIds: not all of sg-1 are there$/m,
      /^ {2}the deploymentTag main is that of the deployment blue: choose another$/m,
    ]) {
      assert.match(came.stderr, told);
    }
    assert.deepEqual(changes(came), []);
  });

  test('needs no right to list registries of schemas, which CloudFormation makes by rights of its own', async () => {
    const denied = refuses('AccessDeniedException', 'User is not authorized to perform: schemas:ListRegistries');
    const came = await deploy({ 'schemas list-registries': denied });
    assert.equal(came.status, 0, came.stderr);
  });
});
