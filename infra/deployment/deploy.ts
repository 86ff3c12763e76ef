/** `make deploy`: checks all that can be checked before, then lets the CDK deploy. */
import { join } from 'node:path';
import { accountProblems } from './account.ts';
import { artifactProblems } from './artifacts.ts';
import { attachmentProblems } from './attachment.ts';
import { cdk, synthesize } from './cdk.ts';
import { imageProblems } from './image.ts';
import { IntakeFeed } from './intake.ts';
import { keyProblems } from './keys.ts';
import { allOf } from './looks.ts';
import { placeOf } from './place.ts';
import { readSettings } from './settings.ts';
import { begin, orderOf, refuseAll } from './shell.ts';

begin(async () => {
  const order = orderOf('make deploy settings=FILE [approval=never|any-change|broadening]');
  const settings = readSettings(order.settings, order.dist);
  refuseAll(artifactProblems(settings));
  const place = await placeOf(settings);
  const plan = { settings, place, assembly: await synthesize(settings, place) };
  const looks = [accountProblems(plan), attachmentProblems(plan), keyProblems(plan), imageProblems(plan)];
  refuseAll(await allOf(looks));
  const outputs = join(plan.assembly.folder, 'outputs.json');
  console.log(`deploying ${settings.stackName} to ${place.account}, ${place.region}`);
  const approval = order.approval === '' ? 'broadening' : order.approval;
  const app = ['--app', plan.assembly.folder, settings.stackName];
  await cdk(place, ['deploy', ...app, '--require-approval', approval, '--outputs-file', outputs]);
  // A removal that was broken off may have left it at rest, which no template undoes.
  await (await IntakeFeed.of(settings.deployment, place))?.goOn();
  console.log(`
${settings.deployment} is deployed; its outputs are in ${outputs}. Restores that ran meanwhile go on.

  tenant-restore --deployment ${settings.deployment} list
  make destroy settings=${order.settings}`);
});
