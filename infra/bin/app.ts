import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { propsFromContext } from '../lib/context.ts';
import { TenantRestoreStack } from '../lib/stack.ts';

const app = new App({ outdir: process.env.CDK_OUTDIR ?? join(import.meta.dirname, '..', 'cdk.out') });
const account = process.env.CDK_DEFAULT_ACCOUNT;
const region = process.env.CDK_DEFAULT_REGION;
new TenantRestoreStack(app, propsFromContext(app.node), account && region ? { account, region } : undefined);
app.synth();
