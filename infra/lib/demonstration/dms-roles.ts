import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

/**
 * The role by which DMS makes network interfaces, which it looks up by name, and the policy that its guide gives it. The
 * guide's other roles are for what restores don't use: the logs of tasks, since ours keep none (they may hold row values),
 * and Redshift.
 */
export const DMS_ROLE = 'dms-vpc-role';
const POLICY = 'service-role/AmazonDMSVPCManagementRole';

/** Whether the account has the role of DMS already, or the stack makes it. */
export type DmsRolesChoice = 'existing' | 'create';

/**
 * What DMS demands of an account (DMS user guide, "Creating the IAM roles to use with DMS"), for one that has never used it.
 * It belongs to the account and not to a deployment, so it stays when the stack goes, but not when its creation fails: the
 * next one makes it again.
 */
export class DmsRoles extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const role = new Role(this, DMS_ROLE, {
      roleName: DMS_ROLE,
      description: 'Lets DMS work in this account; shared by all that use DMS',
      assumedBy: new ServicePrincipal('dms.amazonaws.com'),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(POLICY)],
    });
    role.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${POLICY}]`,
      reason: 'DMS asks for this role with this policy, by name',
    });
  }
}
