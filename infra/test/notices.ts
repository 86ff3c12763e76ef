import type { App } from 'aws-cdk-lib';
import { NoticesStack } from '../examples/notices/stack.ts';
import { ACCOUNT, REGION } from './template.ts';

/** The example of notices, in an app. */
export function notices(app: App): NoticesStack {
  return new NoticesStack(app, 'Notices', {
    deployment: 'tenant-restore',
    onCall: 'oncall@example.com',
    webhookSecret: 'tenant-restore-chat',
    slack: { workspaceId: 'T0123456789', channelId: 'C0123456789' },
    env: { account: ACCOUNT, region: REGION },
  });
}
