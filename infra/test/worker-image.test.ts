import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { AssetManifestArtifact } from 'aws-cdk-lib/cx-api';
import { TenantRestoreStack } from '../lib/stack.ts';
import { DEFAULT_CA_BUNDLE } from '../lib/worker.ts';
import { run } from './app.ts';
import { ACCOUNT, named, props, REGION, synthesize } from './template.ts';

const SOURCE = join(import.meta.dirname, '../../handlers/release/image');

/** A folder as `make build` writes it, with empty root file systems. */
function folder(contents: Record<string, string> = { 'arm64.tar': '', 'amd64.tar': '' }): string {
  const made = mkdtempSync(join(tmpdir(), 'image-'));
  cpSync(join(SOURCE, 'Dockerfile'), join(made, 'Dockerfile'));
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(made, name), content);
  return made;
}

interface DockerImage {
  readonly source: { directory: string; platform: string };
}

function published(image: string, architecture?: 'arm64' | 'x86_64') {
  const app = new App();
  const worker = { image, ...(architecture && { architecture }) };
  new TenantRestoreStack(app, props({ worker }), { account: ACCOUNT, region: REGION });
  const assembly = app.synth();
  const [manifest] = assembly.artifacts.filter((artifact) => artifact instanceof AssetManifestArtifact);
  assert.ok(manifest);
  const { dockerImages = {} } = manifest.contents as { dockerImages?: Record<string, DockerImage> };
  return Object.entries(dockerImages).map(([hash, { source }]) => ({
    hash,
    platform: source.platform,
    holds: ['Dockerfile', 'arm64.tar', 'amd64.tar'].filter((name) =>
      existsSync(join(assembly.directory, source.directory, name)),
    ),
  }));
}

describe("the worker's image", () => {
  test('is pulled by its name', () => {
    assert.deepEqual(published('example.com/worker:1'), []);
  });

  test('is built and published from its folder, for arm64', () => {
    const [image, ...others] = published(folder());
    assert.deepEqual(others, []);
    assert.equal(image?.platform, 'linux/arm64');
    assert.deepEqual(image.holds, ['Dockerfile', 'arm64.tar']);
  });

  test('may be for x86-64, as its task then is', () => {
    const [image] = published(folder(), 'x86_64');
    assert.equal(image?.platform, 'linux/amd64');
    assert.deepEqual(image.holds, ['Dockerfile', 'amd64.tar']);
    const template = synthesize({ worker: { image: 'worker:1', architecture: 'x86_64' } });
    const task = named(template, 'AWS::ECS::TaskDefinition', 'Family', 'tenant-restore-worker').Properties;
    assert.deepEqual(task.RuntimePlatform, { CpuArchitecture: 'X86_64', OperatingSystemFamily: 'LINUX' });
  });

  test('is another one only if what it is built of has changed', () => {
    const hash = (arm64: string, amd64: string) =>
      published(folder({ 'arm64.tar': arm64, 'amd64.tar': amd64 }))[0]?.hash;
    assert.equal(hash('a', 'a'), hash('a', 'b'));
    assert.notEqual(hash('a', 'a'), hash('b', 'a'));
  });

  test('may be pulled by the role that starts the task, and no other', () => {
    const template = synthesize({ worker: { image: folder() } });
    assert.deepEqual(Object.keys(template.findResources('AWS::IAM::Policy')), []);
  });

  test('must be a folder with a Dockerfile, if a folder', async () => {
    const { status, stderr } = await run({ workerImage: './dist/image', workerArchitecture: 'arm' });
    assert.notEqual(status, 0);
    assert.ok(stderr.includes('workerImage: ./dist/image must be a folder with a Dockerfile'), stderr);
    assert.ok(stderr.includes('workerArchitecture must be arm64 or x86_64, not arm'), stderr);
    assert.throws(() => synthesize({ worker: { image: '/no/such/folder' } }), /must be a folder with a Dockerfile/);
  });
});

describe('the Dockerfile', () => {
  const instructions = readFileSync(join(SOURCE, 'Dockerfile'), 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .trim()
    .split('\n')
    .map((line) => line.split(/ (.*)/s).slice(0, 2) as [string, string]);
  const of = (name: string) => instructions.filter(([instruction]) => instruction === name).map(([, value]) => value);
  const environment = Object.fromEntries(
    (of('ENV')[0] ?? '').split(' ').map((pair) => pair.split('=') as [string, string]),
  );

  test('adds a root file system to nothing, and fetches and runs nothing', () => {
    assert.deepEqual(of('FROM'), ['scratch']);
    assert.deepEqual(of('ARG'), ['TARGETARCH']);
    assert.deepEqual(of('ADD'), ['${TARGETARCH}.tar /']);
    assert.deepEqual([...of('RUN'), ...of('COPY')], []);
  });

  test('runs as a user by number, who is not root', () => {
    assert.deepEqual(of('USER'), ['65532:65532']);
  });

  test('starts the worker, which the command of the task definition is only an argument of', () => {
    assert.deepEqual(of('ENTRYPOINT'), ['["/usr/bin/tenant-restore-worker"]']);
    assert.deepEqual(of('CMD'), []);
  });

  test('declares the volume that the task definition mounts', () => {
    const template = synthesize();
    const task = named(template, 'AWS::ECS::TaskDefinition', 'Family', 'tenant-restore-worker').Properties;
    const [container] = task.ContainerDefinitions as { MountPoints: { ContainerPath: string }[] }[];
    assert.deepEqual(
      of('VOLUME'),
      container?.MountPoints.map((mount) => mount.ContainerPath),
    );
  });

  test('tells paths alone, and of the certificates the one that the task definition tells', () => {
    assert.deepEqual(Object.keys(environment).sort(), ['PATH', 'PGSSLROOTCERT', 'SSL_CERT_FILE']);
    assert.equal(environment.PGSSLROOTCERT, DEFAULT_CA_BUNDLE);
    const script = readFileSync(join(SOURCE, 'assemble'), 'utf8');
    for (const path of [environment.PGSSLROOTCERT, environment.SSL_CERT_FILE, '/usr/bin/tenant-restore-worker']) {
      assert.ok(script.includes(`"$root${path}"`), path);
    }
  });
});

describe('the packages of the image', () => {
  const lines = readFileSync(join(SOURCE, 'packages.lock'), 'utf8').trim().split('\n').slice(1);
  const packages = lines.map((line) => line.split(' '));

  test('are pinned by their content', () => {
    for (const [, name, version, sha256, sha1, path, ...others] of packages) {
      assert.match(sha256 ?? '', /^[0-9a-f]{64}$/, name);
      assert.match(sha1 ?? '', /^[0-9a-f]{40}$/, name);
      assert.ok(path?.includes(`/${name}_`) && version !== undefined, path);
      assert.deepEqual(others, []);
    }
  });

  test('are the same versions for both architectures', () => {
    // But for what Debian rebuilt of one alone: `+b1` and so on.
    const of = (architecture: string) =>
      packages
        .filter(([of]) => of === architecture)
        .map(([, name, version]) => [name, version?.replace(/\+b\d+$/, '')]);
    assert.deepEqual(of('arm64'), of('amd64'));
    assert.ok(of('arm64').some(([name]) => name === 'postgresql-client-18'));
  });
});
