/** Databases of a stack that CloudFormation can't delete, as they are protected: it would fail after it deleted all else. */
import { type Aws, unless } from './aws.ts';

/** An instance, or a cluster of Aurora. */
export interface Database {
  readonly kind: 'instance' | 'cluster';
  readonly name: string;
}

/** Those whose deletion protection is on. */
export async function protectedOf(databases: readonly Database[], aws: Aws): Promise<Database[]> {
  const states = await Promise.all(databases.map((database) => isProtected(database, aws)));
  return databases.filter((_, position) => states[position]);
}

/** What is to be done before, for a person. */
export function unprotected({ kind, name }: Database): string {
  const command = `aws rds modify-db-${kind} --db-${kind}-identifier ${name} --no-deletion-protection`;
  return `CloudFormation can't delete the database ${name} while its deletion protection is on: \`${command}\``;
}

interface Answer {
  readonly DBInstances?: readonly { readonly DeletionProtection?: boolean }[];
  readonly DBClusters?: readonly { readonly DeletionProtection?: boolean }[];
}

async function isProtected({ kind, name }: Database, aws: Aws): Promise<boolean> {
  const absent = ['DBInstanceNotFound', 'DBInstanceNotFoundFault', 'DBClusterNotFoundFault', 'DBClusterNotFound'];
  const call = aws('rds', `describe-db-${kind}s`, `--db-${kind}-identifier`, name);
  const found = await unless<Answer>(absent, call);
  return (found?.DBInstances ?? found?.DBClusters)?.[0]?.DeletionProtection === true;
}
