/** Writes the templates of all variants into `cdk.out/variants`, for cfn-lint. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { synthesize } from '../test/template.ts';
import { VARIANTS } from '../test/variants.ts';

const folder = join(import.meta.dirname, '..', 'cdk.out', 'variants');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [name, changes] of Object.entries(VARIANTS)) {
  const file = join(folder, `${name.replaceAll(' ', '-')}.template.json`);
  writeFileSync(file, JSON.stringify(synthesize(changes).toJSON(), null, 1));
}
