import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { notices } from './notices.ts';
import { DatabaseLevelRestoreStack } from '../lib/demonstration/stack.ts';
import { TenantRestoreStack } from '../lib/stack.ts';
import { explainWildcards } from '../lib/wildcards.ts';
import { ACCOUNT, props, REGION } from './template.ts';
import { DEMONSTRATIONS, VARIANTS } from './variants.ts';

interface Report {
  readonly pluginReports?: {
    readonly pluginName: string;
    readonly violations: { readonly ruleName: string; readonly violatingConstructs: { constructPath: string }[] }[];
  }[];
}

/** What cdk-nag finds in what `fill` puts into an app: rule and construct. */
function findings(fill: (app: App) => void): string[] {
  // The plugins are part of the CDK's validation, which the other tests leave out.
  process.env.CDK_VALIDATION = 'true';
  const outdir = mkdtempSync(join(tmpdir(), 'nag-'));
  const app = new App({ outdir });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  fill(app);
  try {
    app.synth();
  } catch {
    // With findings, the synthesis throws behind its report.
  } finally {
    process.env.CDK_VALIDATION = 'false';
  }
  const { pluginReports = [] } = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')) as Report;
  return pluginReports.flatMap(({ violations }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    ),
  );
}

describe('the rules AwsSolutions of cdk-nag', () => {
  for (const [name, changes] of Object.entries(VARIANTS)) {
    test(`find nothing unexplained in a deployment ${name}`, () => {
      const found = findings(
        (app) => new TenantRestoreStack(app, props(changes), { account: ACCOUNT, region: REGION }),
      );
      assert.deepEqual(found, []);
    });
  }

  for (const [name, stack] of Object.entries(DEMONSTRATIONS)) {
    test(`find nothing unexplained in the demonstration ${name}`, () => {
      const found = findings((app) => new DatabaseLevelRestoreStack(app, stack, { account: ACCOUNT, region: REGION }));
      assert.deepEqual(found, []);
    });
  }

  test('find nothing unexplained in the example of notices', () => {
    assert.deepEqual(findings(notices), []);
  });

  test('find a wildcard for which no reason is known, even where another action of the same resource has one', () => {
    const found = findings((app) => {
      const stack = new Stack(app, 'Careless');
      const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
      const statements = ['dms:DescribeEndpoints', 'rds:DeleteDBInstance'].map(
        (action) => new PolicyStatement({ effect: Effect.ALLOW, actions: [action], resources: ['*'] }),
      );
      for (const statement of statements) role.addToPolicy(statement);
      explainWildcards(role, statements);
    });
    assert.deepEqual(found, ['AwsSolutions-IAM5[Resource::*] Careless/Role/DefaultPolicy/Resource']);
  });
});
