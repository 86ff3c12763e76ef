/**
 * What a deployment needs of the account, told at once and with its remedy: CloudFormation would find it out one by one,
 * some of it after half an hour.
 */
import type { Aws } from './aws.ts';
import { Refusal, unless } from './aws.ts';
import type { Assembly } from './cdk.ts';
import { DMS_ROLE } from '../lib/demonstration/dms-roles.ts';
import { PHASES, tagParameterOf } from '../lib/names.ts';
import { demonstrationNameOf, stackNameOf } from '../lib/stack.ts';
import type { Place } from './place.ts';
import type { Settings } from './settings.ts';

/** What is looked at. */
export interface Plan {
  readonly settings: Settings;
  readonly place: Place;
  readonly assembly: Assembly;
}

type Look = (plan: Plan) => Promise<string[]>;

/** Everything in the account that speaks against the deployment. */
export async function accountProblems(plan: Plan): Promise<string[]> {
  const looks: Look[] = [bootstrap, stackAtRest, tag, replicationRole];
  return (await Promise.all(looks.map((look) => look(plan)))).flat();
}

async function bootstrap({ place: { aws, account, region }, assembly }: Plan): Promise<string[]> {
  const { parameter, version } = assembly.bootstrap;
  const found = await parameterOf(aws, parameter);
  const remedy = `run \`cd infra && npx cdk bootstrap aws://${account}/${region}\``;
  if (found === undefined) return [`the CDK was never bootstrapped here (no parameter ${parameter}): ${remedy}`];
  if (Number(found) >= version) return [];
  return [`the CDK's bootstrap stack has version ${found}, ${version} is needed: ${remedy}`];
}

/** The value of a parameter of Systems Manager; nothing if there is none. */
async function parameterOf(aws: Aws, name: string): Promise<string | undefined> {
  const call = aws('ssm', 'get-parameter', '--name', name);
  return (await unless<{ Parameter: { Value: string } }>(['ParameterNotFound'], call))?.Parameter.Value;
}

/** The status of a stack; nothing if there is none. CloudFormation says `ValidationError` of a stack that doesn't exist. */
export async function stackStatus(aws: Aws, name: string): Promise<string | undefined> {
  try {
    const answer = await aws('cloudformation', 'describe-stacks', '--stack-name', name);
    return (answer as { Stacks: { StackStatus: string }[] }).Stacks[0]?.StackStatus;
  } catch (error) {
    if (error instanceof Refusal && error.code === 'ValidationError' && error.message.includes('does not exist')) {
      return undefined;
    }
    throw error;
  }
}

/** Whether a stack of this status owns nothing, since its creation failed or never began: the CDK makes it anew. */
function beginsAnew(status: string | undefined): boolean {
  return status === undefined || status === 'ROLLBACK_COMPLETE' || status === 'REVIEW_IN_PROGRESS';
}

async function stackAtRest({ settings, place }: Plan): Promise<string[]> {
  const { stackName } = settings;
  const status = await stackStatus(place.aws, stackName);
  if (beginsAnew(status)) return namesTaken(settings, place);
  if (!status?.endsWith('_IN_PROGRESS')) return [];
  return [`the stack ${stackName} is ${status}: wait until that has ended`];
}

/** What has this deployment's names already: CloudFormation doesn't take over what it didn't make. */
async function namesTaken(settings: Settings, { aws, account, region }: Place): Promise<string[]> {
  const { deployment, stackName } = settings;
  const other = [stackNameOf(deployment), demonstrationNameOf(deployment)].find((name) => name !== stackName);
  if (other !== undefined && (await stackStatus(aws, other)) !== undefined) {
    return [
      `the deployment ${deployment} is that of the stack ${other}: choose another \`deployment\` and \`deploymentTag\``,
    ];
  }
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

async function tag({ settings, place }: Plan): Promise<string[]> {
  const { deployment, deploymentTag } = settings;
  const owner = await parameterOf(place.aws, tagParameterOf(deploymentTag));
  if (owner === undefined || owner === deployment) return [];
  return [`the deploymentTag ${deploymentTag} is that of the deployment ${owner}: choose another`];
}

/** DMS looks its role up by name (DMS user guide, "Creating the IAM roles to use with DMS"). */
async function replicationRole({ settings, place: { aws } }: Plan): Promise<string[]> {
  const found = await unless(['NoSuchEntity'], aws('iam', 'get-role', '--role-name', DMS_ROLE));
  if (settings.context.dmsRoles === 'create') {
    const isFirst = beginsAnew(await stackStatus(aws, settings.stackName));
    if (found === undefined || !isFirst) return [];
    return [`the account has the role ${DMS_ROLE} already: set \`dmsRoles\` to \`existing\``];
  }
  if (found !== undefined) return [];
  const remedy = settings.isDemonstration
    ? 'set `dmsRoles` to `create`'
    : 'make it as the DMS user guide says ("Creating the IAM roles to use with DMS")';
  return [`the account has no role ${DMS_ROLE}, which DMS needs: ${remedy}`];
}
