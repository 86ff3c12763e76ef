import { CfnOutput, DefaultStackSynthesizer, type Environment, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnReplicationSubnetGroup } from 'aws-cdk-lib/aws-dms';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { networkIn } from '../attach.ts';
import { Names } from '../names.ts';
import type { TenantRestoreProps } from '../props.ts';
import { demonstrationNameOf, imported, type PipelineSettings } from '../stack.ts';
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
  /** Version of PostgreSQL: `17.9`, or `17` for RDS's default of that major version. @default 17.9 */
  readonly engineVersion?: string;
  /**
   * Directory that holds the sample functions' binary `bootstrap` (arm64) and `rds-global-bundle.pem`.
   * @default the database is empty, without sample tenants and activity
   */
  readonly sampleArtifact?: string;
  /** Whether the account has `dms-vpc-role`, or the stack makes it and `dms-cloudwatch-logs-role`. @default existing */
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
    super(scope, demonstrationNameOf(deployment), {
      description: 'A demonstration of tenant restores: network, database, sample tenants, pipeline',
      ...(env && { env }),
      synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
    });
    const names = new Names(this, deployment, props.deploymentTag ?? 'main');
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
    const network = new DemonstrationNetwork(this, 'Network', { names, removalPolicy });
    const flows = new Flows(this, 'Flows', {
      names,
      vpc: network.vpc,
      ...(props.s3PrefixListId && { s3PrefixListId: props.s3PrefixListId }),
    });
    const production = new Production(this, 'Production', {
      names,
      kind: props.selectedDatabase,
      vpc: network.vpc,
      subnets: network.databaseSubnets,
      group: flows.production,
      removalPolicy,
      engineVersion: props.engineVersion,
      kmsKeyArn: props.kmsKeyArn,
    });
    const place: Place = { names, network, flows, endpoints: network.addEndpoints(flows.endpoints, names), production };

    const given = imported(this, props);
    const messageKey = given.messageKey ?? messagesKey(this, removalPolicy);
    const settings = { ...props, ...given, messageKey, removalPolicy };
    this.pipeline = new TenantRestore(this, 'Pipeline', { ...settings, ...attachment(place) });
    if (props.dmsRoles === 'create') this.makeDmsRoles(production);

    const rotation = rotated(place);
    if (props.sampleArtifact !== undefined) {
      const tenants = this.loadTenants(place, { ...settings, artifact: props.sampleArtifact });
      // The first rotation comes at once, and would change the password under the loading function.
      rotation.node.addDependency(tenants);
    }
    for (const [key, value] of Object.entries({
      Source: production.source.identifier,
      SourceSecretArn: production.source.secretArn,
    })) {
      new CfnOutput(this, key, { value });
    }
  }

  /** The first two zones of the region, without a look into the account. */
  override get availabilityZones(): string[] {
    return [0, 1].map((index) => Fn.select(index, Fn.getAzs()));
  }

  /**
   * A role that is some seconds old is still unknown to DMS, which refuses to make a subnet group then
   * (terraform-provider-aws, issue 11025). The database takes minutes, so the group waits for it too.
   */
  private makeDmsRoles({ database }: Production): void {
    const roles = new DmsRoles(this, 'DmsRoles');
    for (const group of this.pipeline.node.findAll()) {
      if (group instanceof CfnReplicationSubnetGroup) group.node.addDependency(roles, database);
    }
  }

  /** Complete when the way to database, secret and CloudFormation was there and the tenants are loaded. */
  private loadTenants(
    { names, network, flows, endpoints, production }: Place,
    settings: Pick<TenantRestoreProps, 'alarmTopic' | 'kmsKeyArn' | 'logLevel' | 'logRetention'> & {
      readonly artifact: string;
      readonly messageKey: IKey;
      readonly removalPolicy: RemovalPolicy;
    },
  ): Construct {
    const samples = new Samples(this, 'Samples', {
      names,
      region: this.region,
      artifact: settings.artifact,
      vpc: network.vpc,
      subnets: network.restorationSubnets,
      flows,
      host: production.host,
      port: production.port,
      secret: production.secret,
      kmsKeyArn: settings.kmsKeyArn,
      letters: { names, key: settings.messageKey, ...(settings.alarmTopic && { topic: settings.alarmTopic }) },
      logLevel: settings.logLevel ?? 'info',
      logRetention: settings.logRetention ?? RetentionDays.THREE_MONTHS,
      removalPolicy: settings.removalPolicy,
    });
    const { tenants } = samples;
    tenants.node.addDependency(endpoints, flows, production.database);
    this.pipeline.watch.show(samples, 'Alarms of the sample tenants');
    return tenants;
  }
}

/** What the pipeline and the samples are placed in. */
interface Place {
  readonly names: Names;
  readonly network: DemonstrationNetwork;
  readonly flows: Flows;
  readonly endpoints: Construct;
  readonly production: Production;
}

/** Where the pipeline is attached. Its workers have a group of ours, with the rules that they need to reach production. */
function attachment({ network, flows, production }: Place): Pick<TenantRestoreProps, 'network' | 'source'> {
  return {
    network: {
      ...networkIn({
        vpc: network.vpc,
        taskSubnets: network.restorationSubnets,
        databaseSubnets: network.databaseSubnets,
        sources: [production.database],
        databasePorts: [DATABASE_PORT],
      }),
      workerSecurityGroupIds: [flows.workers.securityGroupId],
    },
    source: production.source,
  };
}

function rotated({ network, flows, endpoints, production }: Place): Construct {
  const group = flows.client('rotation', 'The rotation of the secret');
  const rotation = production.rotate(network.vpc, network.restorationSubnets, group);
  rotation.node.addDependency(endpoints);
  return rotation;
}

/** EventBridge may use it, as the pipeline sees to. */
function messagesKey(scope: Construct, removalPolicy: RemovalPolicy): Key {
  return new Key(scope, 'Messages', {
    description: 'Messages of tenant restores',
    enableKeyRotation: true,
    removalPolicy,
  });
}
