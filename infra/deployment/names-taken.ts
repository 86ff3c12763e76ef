/** What has a deployment's names already, before its stack is made: CloudFormation doesn't take over what it didn't make. */
import { PHASES } from '../lib/names.ts';
import { demonstrationNameOf, stackNameOf } from '../lib/stack.ts';
import { type Aws, unless } from './aws.ts';
import { stackStatus } from './deployed.ts';
import type { Place } from './place.ts';
import type { Settings } from './settings.ts';

/** What has them, each with its remedy. */
export async function namesTaken(settings: Settings, place: Place): Promise<string[]> {
  const { deployment, stackName } = settings;
  const { aws } = place;
  const other = [stackNameOf(deployment), demonstrationNameOf(deployment)].find((name) => name !== stackName);
  if (other !== undefined && (await stackStatus(aws, other)) !== undefined) {
    return [
      `the deployment ${deployment} is that of the stack ${other}: choose another \`deployment\` and \`deploymentTag\``,
    ];
  }
  return [...(await leftHere(settings, place)), ...(await usedElsewhere(deployment, aws))];
}

/** IAM is global: the second of two deployments of one name fails at its roles, whatever its region. */
async function usedElsewhere(deployment: string, aws: Aws): Promise<string[]> {
  const role = `${deployment}-intake`;
  const found = await unless(['NoSuchEntity'], aws('iam', 'get-role', '--role-name', role));
  if (found === undefined) return [];
  return [
    `the account has the role ${role} already, perhaps by a deployment ${deployment} in another region: choose another \`deployment\``,
  ];
}

/** What an earlier deployment has left. */
async function leftHere(settings: Settings, { aws, account, region }: Place): Promise<string[]> {
  const { deployment } = settings;
  const bucket = `${deployment}-${account}-${region}`;
  const [table, files, groups] = await Promise.all([
    unless<{ Table: { DeletionProtectionEnabled?: boolean } }>(
      ['ResourceNotFoundException'],
      aws('dynamodb', 'describe-table', '--table-name', deployment),
    ),
    // HEAD requests have no error code but the status (S3 API reference, HeadBucket).
    unless(['404', 'NotFound', 'NoSuchBucket'], aws('s3api', 'head-bucket', '--bucket', bucket)),
    logGroupsOf(aws, settings),
  ]);
  const taken = [
    ...(table === undefined ? [] : [`the table ${deployment}`]),
    ...(files === undefined ? [] : [`the bucket ${bucket}`]),
    ...groups.map((name) => `the log group ${name}`),
  ];
  if (taken.length === 0) return [];
  const isProtected = table?.Table.DeletionProtectionEnabled === true;
  const unprotect = `aws dynamodb update-table --table-name ${deployment} --no-deletion-protection-enabled`;
  return [
    `an earlier deployment ${deployment} has left ${taken.join(', ')}: export and delete them${isProtected ? ` (the table after \`${unprotect}\`)` : ''}, import them into the stack, or choose another \`deployment\``,
  ];
}

/** What a deployment's log groups begin with; in Lambda's are those of its functions. */
const LOG_GROUPS = ['/aws/lambda/', '/ecs/', '/vpc/'];

/** Its log groups that are there, by their exact names: what they begin with is also the beginning of other deployments'. */
async function logGroupsOf(aws: Aws, { deployment, isDemonstration, context }: Settings): Promise<string[]> {
  const samples = context.sampleArtifact === undefined ? [] : ['sample-tenants', 'activity'];
  const ours = [
    ...[...PHASES, 'sweeper', ...samples].map((name) => `/aws/lambda/${deployment}-${name}`),
    `/ecs/${deployment}-worker`,
    ...(isDemonstration ? [`/vpc/${deployment}-refused`] : []),
  ];
  const answers = await Promise.all(
    LOG_GROUPS.map((kind) => aws('logs', 'describe-log-groups', '--log-group-name-prefix', `${kind}${deployment}-`)),
  );
  const found = answers.flatMap((answer) => (answer as { logGroups: { logGroupName: string }[] }).logGroups);
  return ours.filter((name) => found.some(({ logGroupName }) => logGroupName === name));
}
