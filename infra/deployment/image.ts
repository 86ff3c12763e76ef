import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run, unless } from './aws.ts';
import type { Plan } from './account.ts';

/** An image in a private repository of ECR: registry's account, region, repository, then tag or digest. */
const IN_ECR = /^(\d{12})\.dkr\.ecr\.([\w-]+)\.amazonaws\.com\/([^:@]+)(?::([\w.-]+)|@(sha256:[0-9a-f]{64}))$/;

/** What speaks against the worker's image: it isn't there, or can't be built here. */
export async function imageProblems({ settings, place }: Plan): Promise<string[]> {
  const image = settings.context.workerImage ?? '';
  if (existsSync(join(image, 'Dockerfile'))) return engineProblems();
  if (image.startsWith('/')) return [`workerImage: there is no ${join(image, 'Dockerfile')}: run \`make build\``];
  const [, registry, region, repository, tag, digest] = IN_ECR.exec(image) ?? [];
  // Of other registries, ECS finds out.
  if (registry === undefined || region !== place.region || repository === undefined) return [];
  const which = tag === undefined ? `imageDigest=${digest ?? ''}` : `imageTag=${tag}`;
  const call = place.aws(
    'ecr',
    'describe-images',
    ...['--registry-id', registry, '--repository-name', repository, '--image-ids', which],
  );
  const found = await unless(['ImageNotFoundException', 'RepositoryNotFoundException'], call);
  return found === undefined ? [`workerImage: there is no ${image}: push it first`] : [];
}

/** The CDK builds and pushes it by docker, or by what CDK_DOCKER names (CDK developer guide, "Assets"). */
async function engineProblems(): Promise<string[]> {
  const engine = process.env.CDK_DOCKER ?? 'docker';
  const remedy = 'start it, name another in CDK_DOCKER, or push the image yourself and name it in `workerImage`';
  try {
    const { status } = await run(engine, ['info']);
    return status === 0 ? [] : [`workerImage: ${engine} doesn't answer, and builds the image: ${remedy}`];
  } catch {
    return [`workerImage: ${engine} is missing, and builds the image: ${remedy}`];
  }
}
