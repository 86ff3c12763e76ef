/** Prints what each role of a deployment may do: actions, and wildcards with their reasons. Fails on one without. */
import { App } from 'aws-cdk-lib';
import { TenantRestoreStack } from '../lib/stack.ts';
import { type Wildcard, wildcardsOf } from '../lib/wildcards.ts';
import { ACCOUNT, props, REGION } from '../test/template.ts';

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}
interface Role {
  readonly Type: string;
  readonly Properties: {
    readonly RoleName: string;
    readonly Policies?: { readonly PolicyDocument: { readonly Statement: Statement[] } }[];
  };
}

const app = new App();
const stack = new TenantRestoreStack(app, props(), { account: ACCOUNT, region: REGION });
const { Resources } = app.synth().getStackByName(stack.stackName).template as { Resources: Record<string, Role> };
const listed = new Map<string, Set<string>>();
let unexplained = 0;

console.log('role                              actions  by pattern  on all resources');
for (const { Properties } of Object.values(Resources).filter(({ Type }) => Type === 'AWS::IAM::Role')) {
  const statements = (Properties.Policies ?? [])
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .map(({ Action, Resource }) => ({ actions: [Action].flat(), resources: [Resource].flat() }));
  const actions = new Set(statements.flatMap((statement) => statement.actions));
  const wildcards = wildcardsOf(stack, statements);
  const patterns = new Set(wildcards.map(({ resource }) => resource).filter((resource) => resource !== '*'));
  const everywhere = new Set(wildcards.filter(({ resource }) => resource === '*').flatMap((found) => found.actions));
  console.log(
    [Properties.RoleName.padEnd(32), actions.size, patterns.size, everywhere.size]
      .map((cell) => cell.toString().padStart(9))
      .join('  '),
  );
  for (const wildcard of wildcards) note(wildcard);
}

console.log('\nwhy');
for (const [reason, what] of [...listed].sort()) console.log(`  ${reason}\n    ${[...what].sort().join('\n    ')}`);
if (unexplained > 0) process.exitCode = 1;

function note({ resource, actions, reason }: Wildcard): void {
  if (reason === undefined) unexplained += 1;
  const what = resource === '*' ? `* for ${actions.join(', ')}` : resource.replace(/^arn:<AWS::Partition>:/, '');
  const known = listed.get(reason ?? 'UNEXPLAINED') ?? new Set<string>();
  listed.set(reason ?? 'UNEXPLAINED', known.add(what));
}
