import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage, CpuArchitecture } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import type { WorkerArchitecture, WorkerProps } from './props.ts';

/** What an architecture is called by ECS, and by container engines. */
const ARCHITECTURES = {
  arm64: { cpu: CpuArchitecture.ARM64, platform: Platform.LINUX_ARM64, fileSystem: 'arm64.tar' },
  x86_64: { cpu: CpuArchitecture.X86_64, platform: Platform.LINUX_AMD64, fileSystem: 'amd64.tar' },
} as const satisfies Record<WorkerArchitecture, unknown>;

/** The processor of the worker's tasks. */
export function cpuOf({ architecture = 'arm64' }: WorkerProps): CpuArchitecture {
  return ARCHITECTURES[architecture].cpu;
}

/**
 * What is wrong with an image. It is given by the folder that it is built from if it begins with `/`, `./` or `../`; a
 * folder without a Dockerfile is no such thing.
 */
export function problemOf(image: string): string | undefined {
  if (!isFolder(image) || existsSync(join(image, 'Dockerfile'))) return undefined;
  return `${image} must be a folder with a Dockerfile: \`make build\` writes dist/image`;
}

/**
 * The worker's image; one that is given by its folder is built and published by the deployment.
 *
 * @throws when the folder has no Dockerfile.
 */
export function imageOf(scope: Construct, { image, architecture = 'arm64' }: WorkerProps): ContainerImage {
  if (!isFolder(image)) return ContainerImage.fromRegistry(image);
  const problem = problemOf(image);
  if (problem !== undefined) throw new Error(`worker.image: ${problem}`);
  const { platform } = ARCHITECTURES[architecture];
  // A new build of the other architecture makes no other image.
  const others = Object.values(ARCHITECTURES).filter((other) => other.platform !== platform);
  const exclude = others.map((other) => other.fileSystem);
  return ContainerImage.fromDockerImageAsset(
    new DockerImageAsset(scope, 'Image', { directory: image, platform, exclude }),
  );
}

function isFolder(image: string): boolean {
  return /^\.{0,2}\//.test(image);
}
