import assert from 'node:assert/strict';
import { accountProblems, type Plan } from '../deployment/account.ts';
import { attachmentProblems } from '../deployment/attachment.ts';
import { Refusal } from '../deployment/aws.ts';
import { imageProblems } from '../deployment/image.ts';
import { keyProblems } from '../deployment/keys.ts';
import { parseSettings } from '../deployment/settings.ts';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-3';
export const SECRET = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:production-AbCdEf`;
export const attached = {
  vpcId: 'vpc-1',
  subnetIds: 'subnet-a,subnet-b',
  databaseSubnetIds: 'subnet-c,subnet-d',
  securityGroupIds: 'sg-1',
  source: 'production',
  sourceSecretArn: SECRET,
  workerImage: 'registry.example/worker:1',
};

export const BOOTSTRAP = 'ssm get-parameter --name /cdk-bootstrap/hnb659fds/version';
export const STACK = 'cloudformation describe-stacks --stack-name TenantRestore';
/** The stack of a demonstration of the same name. */
export const OTHER = 'cloudformation describe-stacks --stack-name DatabaseLevelRestoreStack';
export const NO_STACK = new Refusal('ValidationError', 'Stack with id … does not exist');

export type Answers = Record<string, unknown>;
export const subnet = (SubnetId: string, zone: string, VpcId = 'vpc-1') => ({
  SubnetId,
  VpcId,
  AvailabilityZone: REGION + zone,
});
export const refused = (code: string, message = code) => new Refusal(code, message);

/** An account that is ready for a first deployment. */
const READY: Answers = {
  [BOOTSTRAP]: { Parameter: { Value: '21' } },
  'ssm get-parameter --name /tenant-restore/deployment-tags/main': refused('ParameterNotFound'),
  [STACK]: NO_STACK,
  [OTHER]: NO_STACK,
  'dynamodb describe-table': refused('ResourceNotFoundException'),
  's3api head-bucket': refused('404'),
  'logs describe-log-groups': { logGroups: [] },
  'iam get-role --role-name tenant-restore-intake': refused('NoSuchEntity'),
  'iam get-role --role-name dms-vpc-role': {},
  'iam get-role --role-name dms-cloudwatch-logs-role': {},
  'ec2 describe-subnets --subnet-ids subnet-a': { Subnets: [subnet('subnet-a', 'a'), subnet('subnet-b', 'b')] },
  'ec2 describe-subnets --subnet-ids subnet-c': { Subnets: [subnet('subnet-c', 'a'), subnet('subnet-d', 'b')] },
  'ec2 describe-security-groups': { SecurityGroups: [{ GroupId: 'sg-1', VpcId: 'vpc-1' }] },
  'rds describe-db-instances': { DBInstances: [{ Engine: 'postgres', DBSubnetGroup: { VpcId: 'vpc-1' } }] },
  'rds describe-db-clusters': refused('DBClusterNotFoundFault'),
  'secretsmanager describe-secret': { ARN: SECRET },
  'kms get-key-policy': { Policy: '{}' },
  'schemas list-registries': { Registries: [] },
};

/** What is found with these settings in that account, but for what `changes` says of it. */
export async function problems(changes: Answers = {}, settings: Record<string, unknown> = attached): Promise<string[]> {
  const answers = { ...changes, ...READY, ...changes };
  const plan: Plan = {
    settings: parseSettings(JSON.stringify(settings), { file: '/blue.json', dist: '/dist' }),
    place: {
      account: ACCOUNT,
      region: REGION,
      aws: (...call) => {
        const text = call.join(' ');
        const known = Object.keys(answers).find((beginning) => text.startsWith(beginning));
        assert.ok(known !== undefined, `unexpected call: ${text}`);
        const answer = answers[known];
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    },
    assembly: { folder: '/out', bootstrap: { parameter: '/cdk-bootstrap/hnb659fds/version', version: 6 } },
  };
  const looks = [accountProblems, attachmentProblems, keyProblems, imageProblems];
  return (await Promise.all(looks.map((look) => look(plan)))).flat();
}
