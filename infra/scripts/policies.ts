/**
 * Prints what each role may do in each kind of deployment: every statement with its actions, its resources and its
 * condition, and each wildcard with its reason. Fails on one without.
 */
import { App } from 'aws-cdk-lib';
import { TenantRestoreStack, type TenantRestoreStackProps } from '../lib/stack.ts';
import { wildcardsOf, written } from '../lib/wildcards.ts';
import { ACCOUNT, props, REGION } from '../test/template.ts';
import { VARIANTS } from '../test/variants.ts';

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}
interface Role {
  readonly Type: string;
  readonly Properties: {
    readonly RoleName: string;
    readonly Policies?: { readonly PolicyDocument: { readonly Statement: Statement[] } }[];
  };
}

for (const [name, changes] of Object.entries(VARIANTS)) {
  console.log(`\na deployment ${name}`);
  print(changes);
}

function print(changes: Partial<TenantRestoreStackProps>): void {
  const app = new App();
  const stack = new TenantRestoreStack(app, props(changes), { account: ACCOUNT, region: REGION });
  const { Resources } = app.synth().getStackByName(stack.stackName).template as { Resources: Record<string, Role> };
  for (const { Properties } of Object.values(Resources).filter(({ Type }) => Type === 'AWS::IAM::Role')) {
    const statements = (Properties.Policies ?? []).flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    console.log(`\n${Properties.RoleName}: ${counted(stack, statements)}`);
    for (const statement of statements) printStatement(stack, statement);
  }
}

function granted({ Action, Resource, Condition }: Statement) {
  return { actions: [Action].flat(), resources: [Resource].flat(), conditions: Condition };
}

function counted(stack: TenantRestoreStack, statements: Statement[]): string {
  const wildcards = wildcardsOf(stack, statements.map(granted));
  const actions = new Set(statements.flatMap(({ Action }) => Action));
  const patterns = new Set(wildcards.map(({ resource }) => resource).filter((resource) => resource !== '*'));
  const everywhere = new Set(wildcards.filter(({ resource }) => resource === '*').flatMap((found) => found.actions));
  return `${actions.size} actions; ${patterns.size} patterns of resources; ${everywhere.size} actions on all resources`;
}

function printStatement(stack: TenantRestoreStack, statement: Statement): void {
  const { actions, resources, conditions } = granted(statement);
  const reasons = new Map(wildcardsOf(stack, [granted(statement)]).map(({ resource, reason }) => [resource, reason]));
  console.log(`  ${actions.join(', ')}`);
  for (const resource of resources.map(written)) {
    const reason = reasons.has(resource) ? `  (${reasons.get(resource) ?? 'UNEXPLAINED'})` : '';
    if (reason.includes('UNEXPLAINED')) process.exitCode = 1;
    console.log(`    ${resource}${reason}`);
  }
  for (const [operator, keys] of Object.entries(conditions ?? {})) {
    for (const [key, value] of Object.entries(keys)) {
      console.log(`    if ${operator} ${key}: ${[value].flat().map(written).join(' or ')}`);
    }
  }
}
