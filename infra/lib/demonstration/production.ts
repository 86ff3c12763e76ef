import { Duration, RemovalPolicy, Token, Validations } from 'aws-cdk-lib';
import { InstanceClass, InstanceSize, InstanceType, type IVpc, type SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import {
  AuroraPostgresEngineVersion,
  CaCertificate,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
  DatabaseInstance,
  DatabaseInstanceEngine,
  type IClusterInstance,
  type IEngine,
  ParameterGroup,
  PostgresEngineVersion,
  StorageType,
} from 'aws-cdk-lib/aws-rds';
import { type ISecret, Secret, SecretRotation, SecretRotationApplication } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { clusterAsSource, instanceAsSource } from '../attach.ts';
import type { Names } from '../names.ts';
import type { SourceProps } from '../props.ts';
import { DATABASE_PORT } from './flows.ts';
import type { DatabaseKind } from './kind.ts';

/** RDS reserves other names, `postgres` is what its own examples use. */
const MASTER = 'postgres';

/**
 * Punctuation but `-` and `_`. DMS takes no `;`, `+`, `%`, `{` and `}` in a password, and its guide asks rotations to leave
 * out more; RDS takes no `/`, `@`, `"` and blank. A restore that uses DMS needs no new password for the copy then.
 */
const NOT_IN_PASSWORDS = ' !"#$%&\'()*+,./:;<=>?@[\\]^`{|}~';

const ROTATED_AFTER = Duration.days(30);

/** RDS withdraws minor versions a year or so after they came: `engineVersion` names another one then. */
const ENGINE_VERSION = '17.9';

/** How far back a restore point may lie. */
const BACKUPS_KEPT = Duration.days(7);

/** Where the production database is placed, and what it is. */
export interface ProductionProps {
  readonly names: Names;
  readonly kind: DatabaseKind;
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
  readonly group: ISecurityGroup;
  readonly removalPolicy: RemovalPolicy;
  /** Version of PostgreSQL: `17.9`, or `17` for RDS's default of that major version. @default 17.9 */
  readonly engineVersion: string | undefined;
  /** Customer key of storage and secret. @default the keys that RDS and Secrets Manager manage */
  readonly kmsKeyArn: string | undefined;
}

/** The demonstration's production database, with its secret. */
export class Production extends Construct {
  /** As the pipeline's default source. */
  readonly source: SourceProps;
  readonly database: DatabaseInstance | DatabaseCluster;
  readonly host: string;
  readonly port: string;
  /** The master's login; it also names the database, as the rotation needs it. */
  readonly secret: ISecret;

  constructor(scope: Construct, id: string, props: ProductionProps) {
    super(scope, id);
    const key = props.kmsKeyArn === undefined ? undefined : Key.fromKeyArn(this, 'Key', props.kmsKeyArn);
    // A secret of ours and not one that RDS manages: its passwords have the characters that DMS takes, and it is there
    // when the database isn't any more, so that its retained backups can be restored.
    const secret = new Secret(this, 'Secret', {
      description: `Master login of the database ${props.names.of('production')}`,
      ...(key && { encryptionKey: key }),
      removalPolicy: props.removalPolicy,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username: MASTER }),
        generateStringKey: 'password',
        passwordLength: 32,
        excludeCharacters: NOT_IN_PASSWORDS,
      },
    });
    const settings = { ...props, secret, key };
    const made = WRITERS[props.kind] === undefined ? instance(this, settings) : cluster(this, settings);
    this.database = made.database;
    this.host = made.host;
    this.port = made.port;
    this.secret = made.secret;
    this.source = made.source;
  }

  /** Has Secrets Manager change the password every month, by AWS's own function. */
  rotate(vpc: IVpc, subnets: SubnetSelection, group: ISecurityGroup): SecretRotation {
    return new SecretRotation(this, 'Rotation', {
      application: SecretRotationApplication.POSTGRES_ROTATION_SINGLE_USER,
      secret: this.secret,
      target: this.database,
      vpc,
      vpcSubnets: subnets,
      securityGroup: group,
      excludeCharacters: NOT_IN_PASSWORDS,
      automaticallyAfter: ROTATED_AFTER,
    });
  }
}

interface Settings extends ProductionProps {
  readonly secret: Secret;
  readonly key: IKey | undefined;
}

interface Made {
  readonly database: DatabaseInstance | DatabaseCluster;
  readonly host: string;
  readonly port: string;
  readonly secret: ISecret;
  readonly source: SourceProps;
}

/** The only instance of an Aurora cluster; other kinds are an instance themselves. */
const WRITERS: Partial<Record<DatabaseKind, IClusterInstance>> = {
  AuroraProvisioned: ClusterInstance.provisioned('Writer', {
    instanceType: InstanceType.of(InstanceClass.T4G, InstanceSize.MEDIUM),
    caCertificate: CaCertificate.RDS_CA_RSA2048_G1,
  }),
  AuroraServerless: ClusterInstance.serverlessV2('Writer', { caCertificate: CaCertificate.RDS_CA_RSA2048_G1 }),
};

function instance(scope: Construct, settings: Settings): Made {
  const { full, major } = versionOf(settings);
  const engine = DatabaseInstanceEngine.postgres({ version: PostgresEngineVersion.of(full, major) });
  const database = new DatabaseInstance(scope, 'Instance', {
    ...common(scope, settings, engine),
    engine,
    instanceIdentifier: settings.names.of('production'),
    instanceType: InstanceType.of(InstanceClass.T4G, InstanceSize.MICRO),
    allocatedStorage: 20,
    storageType: StorageType.GP3,
    multiAz: settings.kind === 'MultiAz',
    caCertificate: CaCertificate.RDS_CA_RSA2048_G1,
    backupRetention: BACKUPS_KEPT,
  });
  if (settings.kind === 'SingleAz') {
    explain(database, 'RDS3', 'An instance in one zone is one of the kinds that the demonstration is for');
  }
  const secret = attached(database, settings);
  const { dbInstanceEndpointAddress: host, dbInstanceEndpointPort: port } = database;
  return { database, secret, host, port, source: instanceAsSource(database, secret) };
}

function cluster(scope: Construct, settings: Settings): Made {
  const { full, major } = versionOf(settings);
  const engine = DatabaseClusterEngine.auroraPostgres({ version: AuroraPostgresEngineVersion.of(full, major) });
  const database = new DatabaseCluster(scope, 'Cluster', {
    ...common(scope, settings, engine),
    engine,
    clusterIdentifier: settings.names.of('production'),
    writer: WRITERS[settings.kind],
    ...(settings.kind === 'AuroraServerless' && { serverlessV2MinCapacity: 0.5, serverlessV2MaxCapacity: 1 }),
    backup: { retention: BACKUPS_KEPT },
  });
  explain(database, 'RDS6', 'Whoever logs in does so with the rotated secret; a second way in is not needed');
  const secret = attached(database, settings);
  const { hostname: host } = database.clusterEndpoint;
  const port = Token.asString(database.clusterEndpoint.port);
  return { database, secret, host, port, source: clusterAsSource(database, secret) };
}

/** The version as RDS takes it, and the major version, which parameter groups are for. */
function versionOf({ engineVersion: full = ENGINE_VERSION }: Settings): { full: string; major: string } {
  const [major = full] = full.split('.');
  return { full, major };
}

/** What instance and cluster have in common. */
function common(scope: Construct, settings: Settings, engine: IEngine) {
  const { secret, key, vpc, subnets, group, removalPolicy } = settings;
  return {
    credentials: Credentials.fromSecret(secret),
    vpc,
    vpcSubnets: subnets,
    securityGroups: [group],
    port: DATABASE_PORT,
    storageEncrypted: true,
    ...(key && { storageEncryptionKey: key }),
    parameterGroup: new ParameterGroup(scope, 'Parameters', {
      engine,
      description: 'Connections without TLS are refused',
      parameters: { 'rds.force_ssl': '1' },
    }),
    deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
    // What is deleted nevertheless, as by a change that replaces it, leaves a last snapshot.
    removalPolicy: removalPolicy === RemovalPolicy.DESTROY ? removalPolicy : RemovalPolicy.SNAPSHOT,
    copyTagsToSnapshot: true,
  };
}

/** The secret with the database's address in it, which the rotation reads. */
function attached(database: DatabaseInstance | DatabaseCluster, { removalPolicy }: Settings): ISecret {
  explain(database, 'RDS11', 'Another port hides nothing; the security groups say who reaches it');
  if (removalPolicy === RemovalPolicy.DESTROY) {
    explain(database, 'RDS10', 'Who deploys the demonstration to throw it away wants it to go with the stack');
  }
  if (database.secret === undefined) throw new Error(`${database.node.path} has no secret`);
  return database.secret;
}

function explain(database: Construct, rule: string, reason: string): void {
  Validations.of(database).acknowledge({ id: `AwsSolutions-${rule}`, reason });
}
