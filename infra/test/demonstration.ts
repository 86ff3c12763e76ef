import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { DatabaseKind } from '../lib/demonstration/kind.ts';
import { DatabaseLevelRestoreStack, type DatabaseLevelRestoreStackProps } from '../lib/demonstration/stack.ts';
import { ACCOUNT, props, REGION, type Resource, resources } from './template.ts';

type Changes = Partial<DatabaseLevelRestoreStackProps>;

/** A folder with the files of the sample functions' artifact. */
export function sampleArtifact(files = ['bootstrap', 'rds-global-bundle.pem']): string {
  const folder = mkdtempSync(join(tmpdir(), 'samples-'));
  for (const file of files) writeFileSync(join(folder, file), '');
  return folder;
}

/** Props of a demonstration with sample tenants, with what a test wants otherwise. */
export function demonstrationProps(
  selectedDatabase: DatabaseKind,
  changes: Changes = {},
): DatabaseLevelRestoreStackProps {
  const { lambdaArtifact, worker } = props();
  return { selectedDatabase, lambdaArtifact, worker, sampleArtifact: sampleArtifact(), ...changes };
}

/** The template of one demonstration. */
export function demonstrate(selectedDatabase: DatabaseKind, changes: Changes = {}): Template {
  const env = { account: ACCOUNT, region: REGION };
  return Template.fromStack(
    new DatabaseLevelRestoreStack(new App(), demonstrationProps(selectedDatabase, changes), env),
  );
}

/** The only resource of a type, with its logical id. */
export function only(template: Template, type: string): readonly [string, Resource] {
  const [found, ...others] = Object.entries(resources(template, type));
  if (found === undefined || others.length > 0) throw new Error(`${others.length + (found ? 1 : 0)} of ${type}`);
  return found;
}

/** What a property of a resource refers to. */
export function target(value: unknown): string {
  const { Ref, 'Fn::GetAtt': attribute } = value as { Ref?: string; 'Fn::GetAtt'?: [string, string] };
  return Ref ?? attribute?.[0] ?? '';
}
