import type { Node } from 'constructs';
import { ARTIFACTS, ATTACHMENT, ATTACHMENT_SETTINGS, given, read, SETTINGS, settingsOf, valueOf } from '../context.ts';
import type { DmsRolesChoice } from './dms-roles.ts';
import { OWN } from './keys.ts';
import type { DatabaseKind } from './kind.ts';
import type { DatabaseLevelRestoreStackProps } from './stack.ts';

/** Whether the context asks for the demonstration: it says of which database. */
export function isDemonstration(node: Node): boolean {
  return valueOf(node, 'selectedDatabase') !== undefined;
}

/**
 * The props of the demonstration, from the app's context.
 *
 * @throws with every problem of the context, so that one run tells all.
 */
export function demonstrationFromContext(node: Node): DatabaseLevelRestoreStackProps {
  const context = read(node, ['selectedDatabase', ...ARTIFACTS], [...OWN, ...SETTINGS], contradictions(node));
  return {
    selectedDatabase: context.selectedDatabase as DatabaseKind,
    ...given('sampleArtifact', context.samples === 'false' ? undefined : context.sampleArtifact, String),
    ...given('engineVersion', context.engineVersion, String),
    ...given('dmsRoles', context.dmsRoles, (text) => text as DmsRolesChoice),
    ...given('s3PrefixListId', context.s3PrefixListId, String),
    ...settingsOf(context),
  };
}

function contradictions(node: Node): string[] {
  const own: readonly string[] = OWN;
  const attached = [...ATTACHMENT, ...ATTACHMENT_SETTINGS]
    .filter((key) => !own.includes(key))
    .filter((key) => valueOf(node, key) !== undefined);
  const problems = attached.map((key) => `${key} has no meaning beside selectedDatabase: leave out one of the two`);
  if (valueOf(node, 'sampleArtifact') === undefined && valueOf(node, 'samples') !== 'false') {
    problems.push('sampleArtifact is missing; with samples=false there are no sample tenants');
  }
  return problems;
}
