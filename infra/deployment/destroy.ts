/** `make destroy`: lets the CDK remove a deployment, unless something would be lost or left behind. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Assembly, cdk, synthesize } from './cdk.ts';
import { deployedStack, stackStatus } from './deployed.ts';
import { type Place, placeOf } from './place.ts';
import { remove, standsAgainst } from './removal.ts';
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
  refuseAll(await standsAgainst(deployed, place));
  if (order.confirm !== deployment) {
    const kept = deployed.keepsData ? 'table, bucket and logs stay' : 'nothing of it stays';
    throw new Error(
      `nothing stands against removing ${stackName} from ${place.account}, ${place.region}; ${kept}.\n` +
        `To do it: make destroy settings=${order.settings} confirm=${deployment}`,
    );
  }
  // Before intake rests, so that nothing of ours can fail while it does but the removal itself.
  const { folder } = await synthesizeAnyhow(settings, place);
  await remove({
    deployed,
    place,
    stackName,
    destroyStack: (signal) => cdk(place, ['destroy', '--app', folder, stackName, '--force'], signal),
  });
});

/** Which artifacts and image were deployed doesn't matter to the removal: a placeholder serves, and nothing is built. */
async function synthesizeAnyhow(settings: Settings, place: Place): Promise<Assembly> {
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
    return await synthesize({ ...settings, context }, place, { CDK_VALIDATION: 'false' });
  } finally {
    rmSync(artifact, { recursive: true });
  }
}
