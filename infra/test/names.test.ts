import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import { nameOf, resolve, synthesize, type Resource } from './template.ts';

/** They name a function or a registry, not themselves. */
const ABOUT_ANOTHER = ['AWS::Lambda::EventSourceMapping', 'AWS::Lambda::Permission', 'AWS::EventSchemas::Schema'];

/** `type name` of everything in a template that has a fixed name. */
function fixedNames(template: Template): string[] {
  const all = Object.values((template.toJSON() as { Resources: Record<string, Resource> }).Resources);
  return all.flatMap((resource) => {
    if (ABOUT_ANOTHER.includes(resource.Type)) return [];
    const name = nameOf({ ...resource, Properties: resolve(template, resource.Properties) as Record<string, unknown> });
    return name === undefined ? [] : [`${resource.Type} ${name}`];
  });
}

const main = synthesize();
const blue = synthesize({ deployment: 'blue-restore', deploymentTag: 'blue' });

describe('names', () => {
  test('the deployment names everything that is fixed', () => {
    const byTag = 'AWS::SSM::Parameter /tenant-restore/deployment-tags/blue';
    for (const name of fixedNames(blue)) {
      if (name !== byTag) assert.match(name, /^AWS::\S+ (\/aws\/lambda\/|\/ecs\/)?blue-restore/);
    }
    assert.ok(!JSON.stringify(blue.toJSON()).includes('tr-main'));
    // The same in every deployment: tags, the event source, the command line.
    const shared = /tenant-restore(:deployment|:secret|@|"\},"ArnNotEquals"|( dlq)? list|\/deployment-tags)/g;
    const others = JSON.stringify(blue.toJSON())
      .replaceAll(shared, '')
      .match(/.{0,60}tenant-restore.{0,60}/g);
    assert.deepEqual(others, null);
  });

  test('two deployments side by side share no name', () => {
    const taken = new Set(fixedNames(main));
    assert.ok(taken.size > 60);
    assert.deepEqual(
      fixedNames(blue).filter((name) => taken.has(name)),
      [],
    );
  });

  test('two deployments of one tag claim the same parameter, which CloudFormation makes once', () => {
    const claims = (from: Template) => fixedNames(from).filter((name) => name.includes('deployment-tags'));
    assert.equal(claims(main).length, 1);
    assert.deepEqual(claims(synthesize({ deployment: 'blue-restore' })), claims(main));
  });

  test('no two resources of one deployment share a name', () => {
    const names = fixedNames(main);
    assert.equal(new Set(names).size, names.length);
  });

  test('the contract names are as upstream systems know them', () => {
    const names = fixedNames(main);
    for (const expected of [
      'AWS::Events::EventBus tenant-restore',
      'AWS::DynamoDB::Table tenant-restore',
      'AWS::SNS::Topic tenant-restore-outcomes',
      'AWS::ECS::TaskDefinition tenant-restore-worker',
      'AWS::SQS::Queue tenant-restore-dead',
      'AWS::Lambda::Function tenant-restore-cleanup',
    ]) {
      assert.ok(names.includes(expected), expected);
    }
  });
});
