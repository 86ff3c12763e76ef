import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { artifactProblems } from '../deployment/artifacts.ts';
import { parseSettings } from '../deployment/settings.ts';

const origin = { file: '/deployments/blue.json', dist: '/project/dist' };
const read = (values: Record<string, unknown>) => parseSettings(JSON.stringify(values), origin);

describe('settings', () => {
  test('are context for the app, whatever type a person gives a value', () => {
    const { context } = read({ managedSecrets: true, auditDays: 30, pace: { slowFirst: 60 }, source: 'production' });
    assert.equal(context.managedSecrets, 'true');
    assert.equal(context.auditDays, '30');
    assert.equal(context.pace, '{"slowFirst":60}');
    assert.equal(context.source, 'production');
  });

  test('take the artifacts that were built, unless they name others, relative to their file', () => {
    assert.equal(read({}).context.lambdaArtifact, '/project/dist/lambda');
    assert.equal(read({}).context.workerImage, '/project/dist/image');
    assert.equal(read({ lambdaArtifact: 'built/lambda' }).context.lambdaArtifact, '/deployments/built/lambda');
    assert.equal(read({ workerImage: './image' }).context.workerImage, '/deployments/image');
    assert.equal(read({ workerImage: 'registry/worker:1' }).context.workerImage, 'registry/worker:1');
  });

  test('need sample functions only for a demonstration with samples', () => {
    assert.equal(read({}).context.sampleArtifact, undefined);
    assert.equal(read({ selectedDatabase: 'SingleAz' }).context.sampleArtifact, '/project/dist/samples');
    assert.equal(read({ selectedDatabase: 'SingleAz', samples: false }).context.sampleArtifact, undefined);
  });

  test('name the stack as the app does', () => {
    assert.equal(read({}).stackName, 'TenantRestore');
    assert.equal(read({ deployment: 'blue-restore' }).stackName, 'BlueRestore');
    assert.equal(read({ selectedDatabase: 'SingleAz' }).stackName, 'DatabaseLevelRestoreStack');
    assert.equal(read({ selectedDatabase: 'SingleAz', deployment: 'blue' }).stackName, 'BlueDemonstration');
  });

  test('with misspelt keys are refused, each named: what is not read would be a surprise', () => {
    assert.throws(() => read({ managedSecret: 'true', account: '12', removal: 'retain' }), {
      message:
        '/deployments/blue.json is unusable:\n' +
        '  managedSecret is no setting; infra/README.md lists them\n' +
        '  account must have 12 digits, not 12',
    });
  });

  test('that are no JSON object are refused', () => {
    assert.throws(() => parseSettings('{', origin), /blue\.json is no JSON/);
    assert.throws(() => parseSettings('[]', origin), /must hold one JSON object/);
  });

  test('may name another bootstrap stack of the CDK', () => {
    assert.equal(
      read({ '@aws-cdk/core:bootstrapQualifier': 'team' }).context['@aws-cdk/core:bootstrapQualifier'],
      'team',
    );
  });
});

describe('artifacts', () => {
  /** A folder with a file that begins as an ELF file for this machine does. */
  function artifact(machine: number, magic = '\x7fELF'): string {
    const folder = mkdtempSync(join(tmpdir(), 'artifact-'));
    const header = Buffer.alloc(64);
    header.write(magic, 'latin1');
    header.writeUInt16LE(machine, 18);
    writeFileSync(join(folder, 'bootstrap'), header);
    return folder;
  }
  const problems = (values: Record<string, unknown>) => artifactProblems(read(values));

  test('for arm64 are taken', () => {
    assert.deepEqual(problems({ lambdaArtifact: artifact(183) }), []);
  });

  test('for another machine are refused: Lambda would fail to start them', () => {
    const folder = artifact(62);
    const reason = `lambdaArtifact: ${folder}/bootstrap is not a program for arm64, which the functions run on: run \`make build\``;
    assert.deepEqual(problems({ lambdaArtifact: folder }), [reason]);
    assert.equal(problems({ lambdaArtifact: artifact(183, '#!/b') }).length, 1);
  });

  test('that are missing are named with what makes them', () => {
    assert.deepEqual(problems({}), ['lambdaArtifact: there is no /project/dist/lambda/bootstrap: run `make build`']);
  });

  test('of the samples need the certificates of RDS beside them', () => {
    const found = problems({
      selectedDatabase: 'SingleAz',
      lambdaArtifact: artifact(183),
      sampleArtifact: artifact(183),
    });
    assert.equal(found.length, 1);
    assert.match(found[0] ?? '', /has no rds-global-bundle\.pem/);
  });
});
