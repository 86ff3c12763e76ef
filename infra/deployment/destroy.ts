/** `make destroy`: lets the CDK remove a deployment, unless something would be lost or left behind. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cdk, synthesize } from './cdk.ts';
import { IntakeFeed } from './intake.ts';
import { type Place, placeOf } from './place.ts';
import { type Deployed, deployedStack, stackStatus } from './deployed.ts';
import { obstacles, remainsOf } from './remains.ts';
import { readSettings, type Settings } from './settings.ts';
import { begin, orderOf, refuseAll } from './shell.ts';

begin(async () => {
  const order = orderOf('make destroy settings=FILE confirm=DEPLOYMENT');
  const settings = readSettings(order.settings, order.dist);
  const place = await placeOf(settings);
  const { deployment, stackName } = settings;
  const status = await stackStatus(place.aws, stackName);
  if (status === undefined) {
    throw new Error(`there is no stack ${stackName} in ${place.account}, ${place.region}: nothing to destroy`);
  }
  const deployed = await deployedStack(settings, status, place);
  refuseAll(await found(deployed, place));
  if (order.confirm !== deployment) {
    const kept = deployed.keepsData ? 'table, bucket and logs stay' : 'nothing of it stays';
    throw new Error(
      `nothing stands against removing ${stackName} from ${place.account}, ${place.region}; ${kept}.\n` +
        `To do it: make destroy settings=${order.settings} confirm=${deployment}`,
    );
  }
  await remove(deployed, settings, place);
});

/** A request may come between a look and the removal. So intake rests first, and what came meanwhile is looked at. */
async function remove(deployed: Deployed, settings: Settings, place: Place): Promise<void> {
  const feed = await IntakeFeed.of(deployed.deployment, place);
  const interrupted = () => {
    console.error('interrupted: looking that intake goes on before the end');
  };
  process.on('SIGINT', interrupted);
  try {
    await feed?.rest();
    refuseAll(await found(deployed, place));
  } catch (error) {
    await feed?.goOn().catch((trouble: unknown) => {
      console.error(`intake rests, and nobody looks at requests until you deploy again: ${String(trouble)}`);
    });
    throw error;
  } finally {
    process.off('SIGINT', interrupted);
  }
  await destroyStack(settings, place);
}

async function found(deployed: Deployed, place: Place): Promise<string[]> {
  return obstacles(await remainsOf(deployed, place), deployed);
}

/** Which artifacts and image were deployed doesn't matter to the removal: a placeholder serves, and nothing is built. */
async function destroyStack(settings: Settings, place: Place): Promise<void> {
  const artifact = mkdtempSync(join(tmpdir(), 'artifact-'));
  try {
    for (const file of ['bootstrap', 'rds-global-bundle.pem']) writeFileSync(join(artifact, file), '');
    const placeholders = {
      lambdaArtifact: artifact,
      workerImage: 'none',
      ...('sampleArtifact' in settings.context && { sampleArtifact: artifact }),
    };
    const context = { ...settings.context, ...placeholders };
    // Nothing of this template is made, so nothing is gained by checking it.
    const { folder } = await synthesize({ ...settings, context }, place, { CDK_VALIDATION: 'false' });
    await cdk(place, 'destroy', '--app', folder, settings.stackName, '--force');
  } finally {
    rmSync(artifact, { recursive: true });
  }
}
