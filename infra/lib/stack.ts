import { DefaultStackSynthesizer, type Environment, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { TenantRestoreProps } from './props.ts';
import { TenantRestore } from './tenant-restore.ts';

/** One deployment of the pipeline; its stack is named after it, `TenantRestore` by default. */
export class TenantRestoreStack extends Stack {
  /** The pipeline itself. */
  readonly pipeline: TenantRestore;

  constructor(scope: Construct, props: TenantRestoreProps, env?: Environment) {
    super(scope, stackName(props.deployment ?? 'tenant-restore'), {
      description: 'Restores single PostgreSQL schemas side by side from a point in time',
      ...(env && { env }),
      // The manifest names the bootstrap version that is needed; a rule in the template would only repeat it.
      synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
    });
    this.pipeline = new TenantRestore(this, 'Pipeline', props);
  }
}

function stackName(deployment: string): string {
  return deployment
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
