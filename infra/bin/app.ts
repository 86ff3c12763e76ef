import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { propsFromContext } from '../lib/context.ts';
import { demonstrationFromContext, isDemonstration } from '../lib/demonstration/context.ts';
import { DatabaseLevelRestoreStack } from '../lib/demonstration/stack.ts';
import { TenantRestoreStack } from '../lib/stack.ts';

const app = new App({ outdir: process.env.CDK_OUTDIR ?? join(import.meta.dirname, '..', 'cdk.out') });
const account = process.env.CDK_DEFAULT_ACCOUNT;
const region = process.env.CDK_DEFAULT_REGION;
const env = account && region ? { account, region } : undefined;
if (isDemonstration(app.node)) new DatabaseLevelRestoreStack(app, demonstrationFromContext(app.node), env);
else new TenantRestoreStack(app, propsFromContext(app.node), env);
app.synth();
