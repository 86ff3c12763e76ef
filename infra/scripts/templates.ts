/** Writes the templates of all variants into `cdk.out/variants`, for cfn-lint. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { demonstrate } from '../test/demonstration.ts';
import { notices } from '../test/notices.ts';
import { synthesize } from '../test/template.ts';
import { DEMONSTRATIONS, VARIANTS } from '../test/variants.ts';

const folder = join(import.meta.dirname, '..', 'cdk.out', 'variants');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [name, changes] of Object.entries(VARIANTS)) write(name, synthesize(changes));
for (const [name, props] of Object.entries(DEMONSTRATIONS)) {
  write(`demonstration ${name}`, demonstrate(props.selectedDatabase, props));
}
write('example of notices', Template.fromStack(notices(new App())));

function write(name: string, template: Template): void {
  const file = join(folder, `${name.replaceAll(/,? /g, '-')}.template.json`);
  writeFileSync(file, JSON.stringify(template.toJSON(), null, 1));
}
