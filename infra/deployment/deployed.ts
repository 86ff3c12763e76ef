import { type Aws, Refusal } from './aws.ts';
import type { Place } from './place.ts';
import type { Database } from './protection.ts';
import type { Settings } from './settings.ts';

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

/** A deployment as it is in the account, which its settings may have left behind. */
export interface Deployed {
  readonly deployment: string;
  readonly bucket: string;
  /** Whether table and bucket stay when the stack goes. */
  readonly keepsData: boolean;
  /** Those that the stack made. */
  readonly databases: readonly Database[];
  /** Whether a creation or removal was broken off, so that parts may be gone. Of a whole one, all parts must answer. */
  readonly isPartial: boolean;
}

interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
}

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** What the deployed template says of a stack's data: its deletion policies count, not the settings of today. */
export async function deployedStack(
  { stackName, deployment }: Settings,
  status: string,
  place: Place,
): Promise<Deployed> {
  const answer = await place.aws('cloudformation', 'get-template', '--stack-name', stackName);
  const { TemplateBody: body } = answer as { TemplateBody: Template | string };
  const template = typeof body === 'string' ? (JSON.parse(body) as Template) : body;
  const tables = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::DynamoDB::Table');
  return {
    deployment,
    bucket: `${deployment}-${place.account}-${place.region}`,
    databases: Object.values(template.Resources).flatMap(databaseOf),
    isPartial: ['DELETE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'].includes(status),
    keepsData: tables.every(({ DeletionPolicy }) => DeletionPolicy === 'Retain'),
  };
}

/** Nothing of a cluster's members, which have no protection of their own. */
function databaseOf({ Type, Properties = {} }: Resource): Database[] {
  const { DBClusterIdentifier: cluster, DBInstanceIdentifier: instance } = Properties;
  if (Type === 'AWS::RDS::DBCluster' && typeof cluster === 'string') return [{ kind: 'cluster', name: cluster }];
  if (Type === 'AWS::RDS::DBInstance' && typeof instance === 'string' && cluster === undefined) {
    return [{ kind: 'instance', name: instance }];
  }
  return [];
}
