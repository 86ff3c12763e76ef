/**
 * What a deployment needs of the account, told at once and with its remedy: CloudFormation would find it out one by one,
 * some of it after half an hour.
 */
import type { Aws } from './aws.ts';
import { Refusal, unless } from './aws.ts';
import type { Assembly } from './cdk.ts';
import { DMS_ROLE, DMS_ROLES } from '../lib/demonstration/dms-roles.ts';
import { tagParameterOf } from '../lib/names.ts';
import { deployedStack, stackStatus } from './deployed.ts';
import { allOf } from './looks.ts';
import { namesTaken } from './names-taken.ts';
import type { Place } from './place.ts';
import { protectedOf, unprotected } from './protection.ts';
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
  const looks: Look[] = [bootstrap, stackAtRest, tag, replicationRoles, schemaRegistry];
  return allOf(looks.map((look) => look(plan)));
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

/** Whether a stack of this status owns nothing, since its creation failed or never began: the CDK makes it anew. */
function beginsAnew(status: string | undefined): boolean {
  return status === undefined || status === 'ROLLBACK_COMPLETE' || status === 'REVIEW_IN_PROGRESS';
}

async function stackAtRest({ settings, place }: Plan): Promise<string[]> {
  const { stackName } = settings;
  const status = await stackStatus(place.aws, stackName);
  if (beginsAnew(status)) return namesTaken(settings, place);
  if (status === 'ROLLBACK_FAILED') {
    // The CDK deletes it first.
    const { databases } = await deployedStack(settings, status, place);
    return (await protectedOf(databases, place.aws)).map(unprotected);
  }
  if (!status?.endsWith('_IN_PROGRESS')) return [];
  return [`the stack ${stackName} is ${status}: wait until that has ended`];
}

async function tag({ settings, place }: Plan): Promise<string[]> {
  const { deployment, deploymentTag } = settings;
  const owner = await parameterOf(place.aws, tagParameterOf(deploymentTag));
  if (owner === undefined || owner === deployment) return [];
  return [`the deploymentTag ${deploymentTag} is that of the deployment ${owner}: choose another`];
}

/**
 * DMS looks its roles up by name (DMS user guide, "Creating the IAM roles to use with DMS"). Restores need the one for the
 * network alone.
 */
async function replicationRoles({ settings, place: { aws } }: Plan): Promise<string[]> {
  const has = async (name: string) =>
    (await unless(['NoSuchEntity'], aws('iam', 'get-role', '--role-name', name))) !== undefined;
  if (settings.context.dmsRoles === 'create') {
    const found = await Promise.all(DMS_ROLES.map(has));
    const there = DMS_ROLES.filter((_, position) => found[position]);
    const isFirst = beginsAnew(await stackStatus(aws, settings.stackName));
    if (there.length === 0 || !isFirst) return [];
    return [`the account has the role ${there.join(' and the role ')} already: set \`dmsRoles\` to \`existing\``];
  }
  if (await has(DMS_ROLE)) return [];
  const remedy = settings.isDemonstration
    ? 'set `dmsRoles` to `create`'
    : 'make it as the DMS user guide says ("Creating the IAM roles to use with DMS")';
  return [`the account has no role ${DMS_ROLE}, which DMS needs: ${remedy}`];
}

/** Not every region has it; where it is missing, its endpoint has no address. Any answer, also a refusal, says it's there. */
async function schemaRegistry({ settings, place: { aws, region } }: Plan): Promise<string[]> {
  if (settings.context.schemaRegistry === 'false') return [];
  try {
    await aws('schemas', 'list-registries', '--max-items', '1');
  } catch (error) {
    if (error instanceof Refusal && error.message.includes('Could not connect to the endpoint URL')) {
      return [
        `no schema registry of EventBridge answers in ${region}: if the region has none, set \`schemaRegistry\` to \`false\``,
      ];
    }
  }
  return [];
}
