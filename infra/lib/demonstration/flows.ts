import {
  CfnSecurityGroup,
  CfnSecurityGroupEgress,
  CfnSecurityGroupIngress,
  type ISecurityGroup,
  type IVpc,
  SecurityGroup,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';
import { NO_EGRESS, tcp } from '../network.ts';

/** PostgreSQL's port, in the whole demonstration. */
export const DATABASE_PORT = 5432;

const HTTPS = 443;

/** What the flows of the demonstration run in. */
export interface FlowsProps {
  readonly names: Names;
  readonly vpc: IVpc;
  /** S3's prefix list in the region. @default any address; without NAT no other than S3's is reached */
  readonly s3PrefixListId?: string;
}

/** Who may talk to whom. Every group denies what isn't said here; the pipeline adds the flow to temporary databases. */
export class Flows extends Construct {
  /** The production database: it is called and calls nobody. */
  readonly production: ISecurityGroup;
  /** The endpoints of AWS's services. */
  readonly endpoints: ISecurityGroup;
  /** ECS tasks and DMS. */
  readonly workers: ISecurityGroup;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: FlowsProps,
  ) {
    super(scope, id);
    this.production = this.group('production', 'The production database');
    this.endpoints = this.group('endpoints', 'Endpoints of AWS services');
    this.workers = this.client('workers', 'ECS tasks and DMS replication instances of tenant restores');
    this.letReachS3(this.workers, 'S3: job documents, results, layers of the image');
  }

  /** A group of its own for something that logs in to production with a secret. */
  client(name: string, description: string): ISecurityGroup {
    const group = this.group(name, description);
    this.let(group, this.production, DATABASE_PORT, 'Production database');
    this.let(group, this.endpoints, HTTPS, 'AWS services');
    return group;
  }

  /** Lets a group reach S3 by its gateway, which answers at public addresses. */
  letReachS3(group: ISecurityGroup, description: string): void {
    const { s3PrefixListId } = this.props;
    new CfnSecurityGroupEgress(this, `${group.node.id}-to-s3`, {
      ...tcp(HTTPS),
      groupId: group.securityGroupId,
      ...(s3PrefixListId === undefined ? { cidrIp: '0.0.0.0/0' } : { destinationPrefixListId: s3PrefixListId }),
      description,
    });
  }

  private let(from: ISecurityGroup, to: ISecurityGroup, port: number, description: string): void {
    const id = `${from.node.id}-to-${to.node.id}`;
    new CfnSecurityGroupEgress(this, id, {
      ...tcp(port),
      groupId: from.securityGroupId,
      destinationSecurityGroupId: to.securityGroupId,
      description,
    });
    new CfnSecurityGroupIngress(this, `${id}-in`, {
      ...tcp(port),
      groupId: to.securityGroupId,
      sourceSecurityGroupId: from.securityGroupId,
      description: `From ${from.node.id}`,
    });
  }

  /** Immutable to other constructs: what they would add isn't needed. */
  private group(name: string, groupDescription: string): ISecurityGroup {
    const { names, vpc } = this.props;
    const group = new CfnSecurityGroup(this, `${name}-group`, {
      groupName: names.of(`demonstration-${name}`),
      groupDescription,
      vpcId: vpc.vpcId,
      securityGroupEgress: [NO_EGRESS],
    });
    return SecurityGroup.fromSecurityGroupId(this, name, group.attrGroupId, { mutable: false });
  }
}
