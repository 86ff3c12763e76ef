/**
 * Who hears of restores, beside a deployment that is there: an e-mail address, a queue, a chat.
 *
 *     npx tsx examples/notices.ts
 *
 * Replace names and ids by yours. Before the deployment, put the webhook into Secrets Manager, as JSON: `url` is the whole
 * address that the chat gave you, whose last part is the secret; `key` any word that is sent along as a header, for a
 * gateway of yours to check (EventBridge wants some authorization, and a webhook needs none):
 *
 *     aws secretsmanager create-secret --name tenant-restore-chat \
 *         --secret-string '{"url": "https://hooks.slack.com/services/…", "key": "…"}'
 */
import { App } from 'aws-cdk-lib';
import { NoticesStack } from './notices/stack.ts';

const app = new App({ ...(process.env.CDK_OUTDIR && { outdir: process.env.CDK_OUTDIR }) });
new NoticesStack(app, 'TenantRestoreNotices', {
  deployment: 'tenant-restore',
  onCall: 'oncall@example.com',
  webhookSecret: 'tenant-restore-chat',
  slack: { workspaceId: 'T0123456789', channelId: 'C0123456789' },
  env: { account: '111122223333', region: 'eu-west-3' },
});
app.synth();
