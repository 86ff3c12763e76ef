/**
 * Prints what each role may do in each kind of deployment: every statement with its actions, its resources and its
 * condition, and each wildcard with its reason; then who may publish on the bus, and who may request what. Of the
 * demonstrations it prints the roles that the pipeline hasn't, once for all kinds that have the same. With a file of settings
 * as its argument it prints the deployment that this describes, and no other. Fails on a wildcard without a reason.
 */
import { join } from 'node:path';
import { App, type Stack, Stage } from 'aws-cdk-lib';
import { readSettings } from '../deployment/settings.ts';
import { propsFromContext } from '../lib/context.ts';
import { demonstrationFromContext, isDemonstration } from '../lib/demonstration/context.ts';
import { DatabaseLevelRestoreStack } from '../lib/demonstration/stack.ts';
import { TenantRestoreStack } from '../lib/stack.ts';
import { wildcardsOf, written } from '../lib/wildcards.ts';
import { sampleArtifact } from '../test/demonstration.ts';
import { ACCOUNT, props, REGION } from '../test/template.ts';
import { DEMONSTRATIONS, VARIANTS } from '../test/variants.ts';
import { type Resources, toldRequests } from './requests.ts';

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}
interface Role {
  readonly Properties: {
    readonly RoleName: string;
    readonly ManagedPolicyArns?: unknown[];
    readonly Policies?: { readonly PolicyDocument: { readonly Statement: Statement[] } }[];
  };
}

const env = { account: ACCOUNT, region: REGION };
const ofPipelines = new Set<string>();

const [file] = process.argv.slice(2);
if (file === undefined) printAll();
else print(`the deployment of ${file}`, described(file));

function print(title: string, stack: Stack): void {
  console.log(`\n${title}`);
  for (const role of rolesOf(stack)) console.log(told(stack, role));
  for (const text of applicationsOf(stack)) console.log(text);
  console.log(`\n${toldRequests(resourcesOf(stack)).join('\n')}`);
}

function printAll(): void {
  for (const [name, changes] of Object.entries(VARIANTS)) {
    const stack = new TenantRestoreStack(new App(), props(changes), env);
    for (const role of rolesOf(stack)) ofPipelines.add(role.Properties.RoleName);
    print(`a deployment ${name}`, stack);
  }
  const demonstrations = new Map<string, string[]>();
  for (const [name, its] of Object.entries(DEMONSTRATIONS)) {
    const stack = new DatabaseLevelRestoreStack(new App(), its, env);
    const own = rolesOf(stack).filter(({ Properties }) => !ofPipelines.has(Properties.RoleName));
    const text = [...own.map((role) => told(stack, role)), ...applicationsOf(stack)].join('\n');
    demonstrations.set(text, [...(demonstrations.get(text) ?? []), name]);
  }
  for (const [text, names] of demonstrations) {
    console.log(`\nthe demonstration ${names.join(', ')}: besides the pipeline's roles\n${text}`);
  }
}

/** What a file of settings describes. Its artifacts need not be built: no role depends on them. */
function described(settings: string): Stack {
  const { context } = readSettings(settings, join(import.meta.dirname, '../../dist'));
  const { lambdaArtifact, worker } = props();
  const artifacts = { lambdaArtifact, workerImage: worker.image };
  const samples = context.sampleArtifact !== undefined && { sampleArtifact: sampleArtifact() };
  const app = new App({ context: { ...context, ...artifacts, ...samples } });
  if (isDemonstration(app.node)) return new DatabaseLevelRestoreStack(app, demonstrationFromContext(app.node));
  return new TenantRestoreStack(app, propsFromContext(app.node));
}

function resourcesOf(stack: Stack): Resources {
  const assembly = Stage.of(stack)?.synth();
  return (assembly?.getStackByName(stack.stackName).template as { Resources: Resources }).Resources;
}

function rolesOf(stack: Stack): Role[] {
  return Object.values(resourcesOf(stack)).filter(({ Type }) => Type === 'AWS::IAM::Role') as unknown as Role[];
}

/** Applications of AWS's repository make roles of their own, which aren't in our template. */
function applicationsOf(stack: Stack): string[] {
  return Object.values(resourcesOf(stack))
    .filter(({ Type }) => Type === 'AWS::Serverless::Application')
    .map(({ Properties }) => {
      const { functionName } = Properties.Parameters as { functionName: string };
      return `\n${functionName}: its role is made by AWS's application SecretsManagerRDSPostgreSQLRotationSingleUser, in a stack of that`;
    });
}

function told(stack: Stack, { Properties }: Role): string {
  const statements = (Properties.Policies ?? []).flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  const managed = (Properties.ManagedPolicyArns ?? []).map((arn) => `  AWS's policy ${written(arn)}`);
  const lines = statements.flatMap((statement) => toldStatement(stack, statement));
  return [`\n${Properties.RoleName}: ${counted(stack, statements)}`, ...managed, ...lines].join('\n');
}

function granted({ Action, Resource, Condition }: Statement) {
  return { actions: [Action].flat(), resources: [Resource].flat(), conditions: Condition };
}

function counted(stack: Stack, statements: Statement[]): string {
  const allowed = statements.filter(({ Effect }) => Effect === 'Allow');
  const wildcards = wildcardsOf(stack, allowed.map(granted));
  const actions = new Set(allowed.flatMap(({ Action }) => Action));
  const patterns = new Set(wildcards.map(({ resource }) => resource).filter((resource) => resource !== '*'));
  const everywhere = new Set(wildcards.filter(({ resource }) => resource === '*').flatMap((found) => found.actions));
  return `${actions.size} actions; ${patterns.size} patterns of resources; ${everywhere.size} actions on all resources`;
}

function toldStatement(stack: Stack, statement: Statement): string[] {
  const { actions, resources, conditions } = granted(statement);
  const denied = statement.Effect === 'Deny';
  const wildcards = denied ? [] : wildcardsOf(stack, [granted(statement)]);
  const reasons = new Map(wildcards.map(({ resource, reason }) => [resource, reason ?? 'UNEXPLAINED']));
  if ([...reasons.values()].includes('UNEXPLAINED')) process.exitCode = 1;
  const lines = [`  ${denied ? 'never ' : ''}${actions.join(', ')}`];
  for (const resource of resources.map(written)) {
    const reason = reasons.get(resource);
    lines.push(`    ${resource}${reason === undefined ? '' : `  (${reason})`}`);
  }
  for (const [operator, keys] of Object.entries(conditions ?? {})) {
    for (const [key, value] of Object.entries(keys)) {
      lines.push(`    if ${operator} ${key}: ${[value].flat().map(written).join(' or ')}`);
    }
  }
  return lines;
}
