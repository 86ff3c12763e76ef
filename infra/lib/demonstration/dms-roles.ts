import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

/** The role by which DMS makes network interfaces: without it, it makes no replication instance. */
export const DMS_ROLE = 'dms-vpc-role';

/** The roles that DMS looks up by name in an account, and the policies that its guide gives them. */
const POLICIES = {
  [DMS_ROLE]: 'service-role/AmazonDMSVPCManagementRole',
  // For the logs of tasks. Those of restores keep none, since they may hold row values; others that use DMS need it.
  'dms-cloudwatch-logs-role': 'service-role/AmazonDMSCloudWatchLogsRole',
} as const;

/** The names of these roles. */
export const DMS_ROLES: readonly string[] = Object.keys(POLICIES);

/** Whether the account has the roles of DMS already, or the stack makes them. */
export type DmsRolesChoice = 'existing' | 'create';

/**
 * The roles of DMS (DMS user guide, "Creating the IAM roles to use with DMS"), for an account that has never used it. They
 * belong to the account and not to a deployment, so they stay when the stack goes, but not when its creation fails: the
 * next one makes them again.
 */
export class DmsRoles extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    for (const [roleName, policy] of Object.entries(POLICIES)) {
      const role = new Role(this, roleName, {
        roleName,
        description: 'Lets DMS work in this account; shared by all that use DMS',
        assumedBy: new ServicePrincipal('dms.amazonaws.com'),
        managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(policy)],
      });
      role.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
      Validations.of(role).acknowledge({
        id: `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policy}]`,
        reason: 'DMS asks for this role with this policy, by name',
      });
    }
  }
}
