import { CfnOutput, DefaultStackSynthesizer, type Environment, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { networkIn } from '../attach.ts';
import { Names } from '../names.ts';
import { imported, type PipelineSettings, stackNameOf } from '../stack.ts';
import { TenantRestore } from '../tenant-restore.ts';
import { DmsRoles, type DmsRolesChoice } from './dms-roles.ts';
import { DATABASE_PORT, Flows } from './flows.ts';
import type { DatabaseKind } from './kind.ts';
import { DemonstrationNetwork } from './network.ts';
import { Production } from './production.ts';
import { Samples } from './samples.ts';

/** The demonstration: a deployment that brings its network and its database. */
export interface DatabaseLevelRestoreStackProps extends PipelineSettings {
  /** The production database. */
  readonly selectedDatabase: DatabaseKind;
  /**
   * Directory that holds the sample functions' binary `bootstrap` (arm64) and `rds-global-bundle.pem`.
   * @default the database is empty, without sample tenants and activity
   */
  readonly sampleArtifact?: string;
  /** Whether the account has `dms-vpc-role` and `dms-cloudwatch-logs-role`. @default existing */
  readonly dmsRoles?: DmsRolesChoice;
  /** S3's prefix list in the region, the only addresses outside that are reached then. @default any address, which without NAT is S3's alone */
  readonly s3PrefixListId?: string;
}

/** VPC, database, sample tenants, their activity, and the pipeline attached to them by its public properties. */
export class DatabaseLevelRestoreStack extends Stack {
  /** The pipeline itself. */
  readonly pipeline: TenantRestore;

  constructor(scope: Construct, props: DatabaseLevelRestoreStackProps, env?: Environment) {
    const deployment = props.deployment ?? 'tenant-restore';
    super(
      scope,
      deployment === 'tenant-restore' ? 'DatabaseLevelRestoreStack' : `${stackNameOf(deployment)}Demonstration`,
      {
        description: 'A demonstration of tenant restores: network, database, sample tenants, pipeline',
        ...(env && { env }),
        synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
      },
    );
    const names = new Names(this, deployment, props.deploymentTag ?? 'main');
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const { kmsKeyArn } = props;

    const network = new DemonstrationNetwork(this, 'Network', { names, removalPolicy });
    const { vpc, databaseSubnets, restorationSubnets } = network;
    const flows = new Flows(this, 'Flows', {
      names,
      vpc,
      ...(props.s3PrefixListId && { s3PrefixListId: props.s3PrefixListId }),
    });
    const endpoints = network.addEndpoints(flows.endpoints, names);
    const production = new Production(this, 'Production', {
      names,
      kind: props.selectedDatabase,
      vpc,
      subnets: databaseSubnets,
      group: flows.production,
      removalPolicy,
      kmsKeyArn,
    });

    const given = imported(this, props);
    const messageKey = given.messageKey ?? messagesKey(this, removalPolicy);
    this.pipeline = new TenantRestore(this, 'Pipeline', {
      ...props,
      ...given,
      messageKey,
      network: {
        ...networkIn({
          vpc,
          taskSubnets: restorationSubnets,
          databaseSubnets,
          sources: [production.database],
          databasePorts: [DATABASE_PORT],
        }),
        workerSecurityGroupIds: [flows.workers.securityGroupId],
      },
      source: production.source,
    });
    if (props.dmsRoles === 'create') this.pipeline.node.addDependency(new DmsRoles(this, 'DmsRoles'));

    const rotation = production.rotate(vpc, restorationSubnets, flows.client('rotation', 'The rotation of the secret'));
    rotation.node.addDependency(endpoints);
    if (props.sampleArtifact !== undefined) {
      const { tenants } = new Samples(this, 'Samples', {
        names,
        region: this.region,
        artifact: props.sampleArtifact,
        vpc,
        subnets: restorationSubnets,
        flows,
        host: production.host,
        secret: production.secret,
        kmsKeyArn,
        letters: { names, key: messageKey, ...(given.alarmTopic && { topic: given.alarmTopic }) },
        logLevel: props.logLevel ?? 'info',
        logRetention: props.logRetention ?? RetentionDays.THREE_MONTHS,
        removalPolicy,
      });
      tenants.node.addDependency(endpoints, flows, production.database);
      // Its first rotation comes at once, and would change the password under the loading function.
      rotation.node.addDependency(tenants);
    }
    this.output({ Source: production.source.identifier, SourceSecretArn: production.source.secretArn });
  }

  /** The first two zones of the region, without a look into the account. */
  override get availabilityZones(): string[] {
    return [0, 1].map((index) => Fn.select(index, Fn.getAzs()));
  }

  private output(values: Readonly<Record<string, string>>): void {
    for (const [key, value] of Object.entries(values)) new CfnOutput(this, key, { value });
  }
}

/** EventBridge may use it, as the pipeline sees to. */
function messagesKey(scope: Construct, removalPolicy: RemovalPolicy): Key {
  return new Key(scope, 'Messages', {
    description: 'Messages of tenant restores',
    enableKeyRotation: true,
    removalPolicy,
  });
}
