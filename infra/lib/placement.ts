import { Stack } from 'aws-cdk-lib';
import { CfnReplicationSubnetGroup } from 'aws-cdk-lib/aws-dms';
import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnDBSubnetGroup } from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import type { Names } from './names.ts';
import { allow, useKey } from './permissions.ts';
import type { NetworkProps } from './props.ts';
import { explainWildcards } from './wildcards.ts';

/** What the temporary resources of a restore are placed in, and the role by which DMS reads their secrets. */
export class Placement extends Construct {
  readonly databaseSubnetGroup: string;
  readonly replicationSubnetGroup: string;
  /** DMS assumes it, to read the secrets of endpoints. */
  readonly secretRole: Role;

  constructor(scope: Construct, id: string, names: Names, network: NetworkProps, kmsKeyArn: string | undefined) {
    super(scope, id);
    this.databaseSubnetGroup = new CfnDBSubnetGroup(this, 'DatabaseSubnets', {
      dbSubnetGroupName: names.deployment,
      dbSubnetGroupDescription: 'Temporary databases of tenant restores',
      subnetIds: [...network.databaseSubnetIds],
    }).ref;
    this.replicationSubnetGroup = new CfnReplicationSubnetGroup(this, 'ReplicationSubnets', {
      replicationSubnetGroupIdentifier: names.deployment,
      replicationSubnetGroupDescription: 'Replication instances of tenant restores',
      subnetIds: [...network.taskSubnetIds],
    }).ref;
    const statements = [
      allow(['secretsmanager:GetSecretValue'], [names.secret(`${names.temporary}*`)]),
      ...useKey(kmsKeyArn, Stack.of(this).region, ['secretsmanager'], ['kms:Decrypt', 'kms:DescribeKey']),
    ];
    this.secretRole = new Role(this, 'SecretRole', {
      roleName: names.of('dms-secrets'),
      description: 'Lets DMS read the secrets of a tenant restore',
      // The DMS user guide wants the regional principal for access to secrets.
      assumedBy: new ServicePrincipal(`dms.${Stack.of(this).region}.amazonaws.com`),
      inlinePolicies: {
        secrets: new PolicyDocument({ statements }),
      },
    });
    explainWildcards(this.secretRole, statements);
  }
}
