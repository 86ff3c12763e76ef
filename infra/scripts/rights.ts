/**
 * After a run of the end-to-end tests: compares what each role of the local cloud may do with what it did, and fails on a
 * right that no call used. What a role lacked has failed the tests before, since the policies are enforced.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Aws, awsCli } from '../deployment/aws.ts';
import { compare, type Finding, outdated, rightsIn, type Rights, type Statement } from '../rights/compare.ts';
import { UNSEEN } from '../rights/unseen.ts';

const { AWS_ENDPOINT_URL: endpoint = '', LOCAL_CLOUD_HOME: home = '' } = process.env;
if (endpoint === '' || home === '') throw new Error('no local cloud: localstack/with-cloud runs this with one');

const aws = awsCli();
const granted = await rightsOfRoles(aws, 'tenant-restore-');
const answer = await fetch(`${endpoint}/_local/rights`);
const counted = (await answer.json()) as Record<string, Record<string, number>>;
const used: Rights = Object.fromEntries(Object.entries(counted).map(([role, rights]) => [role, Object.keys(rights)]));
writeFileSync(join(home, 'logs', 'rights.json'), JSON.stringify({ granted, used }, null, 1));

const findings = compare(granted, used, UNSEEN);
for (const finding of findings) print(finding);
for (const { actions, role = 'every role', why } of outdated(granted, UNSEEN)) {
  console.log(`no longer a reason for ${role}: ${actions.join(', ')} (${why})`);
  process.exitCode = 1;
}
if (findings.some(({ superfluous }) => superfluous.length > 0)) process.exitCode = 1;

async function rightsOfRoles(aws: Aws, prefix: string): Promise<Rights> {
  const { Roles } = (await aws('iam', 'list-roles')) as { Roles: { RoleName: string }[] };
  const names = Roles.map(({ RoleName }) => RoleName).filter((name) => name.startsWith(prefix));
  const rights = await Promise.all(names.map((name) => rightsOf(aws, name)));
  return Object.fromEntries(names.map((name, position) => [name, rights[position] ?? []]));
}

async function rightsOf(aws: Aws, role: string): Promise<string[]> {
  const { PolicyNames } = (await aws('iam', 'list-role-policies', '--role-name', role)) as { PolicyNames: string[] };
  const read = PolicyNames.map((name) => aws('iam', 'get-role-policy', '--role-name', role, '--policy-name', name));
  const policies = (await Promise.all(read)) as { PolicyDocument: { Statement: Statement | Statement[] } }[];
  return rightsIn(policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement));
}

function print({ role, granted, used, superfluous, unusedPatterns, unseen }: Finding): void {
  console.log(`${role}: may ${granted} actions, called ${used}; ${unseen.size} can't be seen here`);
  for (const action of superfluous) console.log(`  SUPERFLUOUS ${action}`);
  for (const right of unusedPatterns) console.log(`  called elsewhere alone: ${right}`);
}
