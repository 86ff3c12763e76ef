/** The customer keys of KMS that a deployment needs: it may use the one in `kmsKeyArn`, and those whose own policy says so. */
import { type Aws, unless } from './aws.ts';
import type { Plan } from './account.ts';

interface Key {
  readonly Arn: string;
  /** Keys of AWS's services need no rights of ours: RDS and Secrets Manager let the account use theirs. */
  readonly KeyManager: 'AWS' | 'CUSTOMER';
  readonly KeyState: string;
  readonly KeySpec: string;
}

/** What speaks against the key of the settings: it isn't there, or can't encrypt for RDS, DMS and Secrets Manager. */
export async function keyProblems({ settings, place: { aws } }: Plan): Promise<string[]> {
  const { kmsKeyArn } = settings.context;
  if (kmsKeyArn === undefined) return [];
  const key = await keyOf(aws, kmsKeyArn);
  if (key === undefined) return [`kmsKeyArn: there is no key ${kmsKeyArn} here`];
  if (key.Arn !== kmsKeyArn) return [`kmsKeyArn: the ARN is ${key.Arn}, not ${kmsKeyArn}: the policies name it`];
  if (key.KeyManager !== 'CUSTOMER') {
    return [`kmsKeyArn: ${kmsKeyArn} is AWS's own: leave it out, these are the default`];
  }
  if (key.KeySpec !== 'SYMMETRIC_DEFAULT') return [`kmsKeyArn: ${kmsKeyArn} is ${key.KeySpec}: name a symmetric key`];
  return key.KeyState === 'Enabled' ? [] : [`kmsKeyArn: ${kmsKeyArn} is ${key.KeyState}: enable it`];
}

/** The customer key by which something is encrypted, if the deployment may not use it. */
export async function foreignKey(plan: Plan, id: string | undefined): Promise<string | undefined> {
  const { kmsKeyArn } = plan.settings.context;
  if (id === undefined || id === kmsKeyArn) return undefined;
  const key = await keyOf(plan.place.aws, id);
  if (key === undefined) return id;
  if (key.KeyManager === 'AWS' || key.Arn === kmsKeyArn) return undefined;
  return (await admits(plan, key.Arn)) ? undefined : key.Arn;
}

/** Whether the key's own policy names roles of the deployment, as principals or in a condition. */
async function admits({ settings: { deployment }, place: { aws } }: Plan, arn: string): Promise<boolean> {
  const call = aws('kms', 'get-key-policy', '--key-id', arn, '--policy-name', 'default');
  const { Policy } = (await call) as { Policy: string };
  return Policy.includes(`:role/${deployment}-`);
}

async function keyOf(aws: Aws, id: string): Promise<Key | undefined> {
  const call = aws('kms', 'describe-key', '--key-id', id);
  return (await unless<{ KeyMetadata: Key }>(['NotFoundException'], call))?.KeyMetadata;
}
