import { CfnSecurityGroup, CfnSecurityGroupEgress, CfnSecurityGroupIngress } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { Names } from './names.ts';
import type { NetworkProps } from './props.ts';

/** PostgreSQL's own default. */
export const DEFAULT_PORT = 5432;

/** Where AWS's APIs listen. */
const HTTPS = 443;

/** EC2 adds "allow everything" to a group without egress rules; a rule that matches nothing keeps it out. */
export const NO_EGRESS: CfnSecurityGroup.EgressProperty = {
  cidrIp: '255.255.255.255/32',
  description: 'Matches nothing, so that all egress is denied',
  ipProtocol: 'icmp',
  fromPort: 252,
  toPort: 86,
};

/** Who may talk to whom: workers (ECS tasks and DMS) to the databases and to AWS, temporary databases to nobody. */
export class Network extends Construct {
  readonly workerGroups: readonly string[];
  readonly databaseGroups: readonly string[];

  constructor(scope: Construct, id: string, names: Names, props: NetworkProps) {
    super(scope, id);
    const problem = problemOfEndpoints(props);
    if (problem !== undefined) throw new Error(problem);
    // EC2 refuses a rule that is there already.
    const ports = [...new Set(props.databasePorts ?? [DEFAULT_PORT])];
    this.workerGroups = props.workerSecurityGroupIds ?? [this.workerGroup(names, props, ports)];
    this.databaseGroups = props.databaseSecurityGroupIds ?? [this.databaseGroup(names, props, ports)];
  }

  private workerGroup(names: Names, props: NetworkProps, ports: readonly number[]): string {
    const sources = [...new Set(props.sourceSecurityGroupIds)];
    if (sources.length === 0) throw new Error('sourceSecurityGroupIds must name one group at least');
    const group = new CfnSecurityGroup(this, 'Workers', {
      groupName: names.of('workers'),
      groupDescription: 'ECS tasks and DMS replication instances of tenant restores',
      vpcId: props.vpcId,
      securityGroupEgress: towardsAws(props),
    });
    for (const [index, source] of sources.entries()) {
      for (const port of ports) {
        new CfnSecurityGroupEgress(this, `ToSource${index}Port${port}`, {
          ...tcp(port),
          groupId: group.attrGroupId,
          destinationSecurityGroupId: source,
          description: 'Source database',
        });
        new CfnSecurityGroupIngress(this, `IntoSource${index}Port${port}`, {
          ...tcp(port),
          groupId: source,
          sourceSecurityGroupId: group.attrGroupId,
          description: `Workers of ${names.deployment}`,
        });
      }
    }
    return group.attrGroupId;
  }

  private databaseGroup(names: Names, props: NetworkProps, ports: readonly number[]): string {
    const group = new CfnSecurityGroup(this, 'Databases', {
      groupName: names.of('databases'),
      groupDescription: 'Temporary databases of tenant restores, without egress',
      vpcId: props.vpcId,
      securityGroupEgress: [NO_EGRESS],
    });
    for (const [index, worker] of this.workerGroups.entries()) {
      for (const port of ports) {
        new CfnSecurityGroupIngress(this, `IntoDatabase${index}Port${port}`, {
          ...tcp(port),
          groupId: group.attrGroupId,
          sourceSecurityGroupId: worker,
          description: `Workers of ${names.deployment}`,
        });
        new CfnSecurityGroupEgress(this, `ToDatabase${index}Port${port}`, {
          ...tcp(port),
          groupId: worker,
          destinationSecurityGroupId: group.attrGroupId,
          description: 'Temporary databases',
        });
      }
    }
    return group.attrGroupId;
  }
}

/** The rules by which workers reach AWS: its endpoints in the VPC alone, where these are named. */
function towardsAws({ s3PrefixListId, endpointSecurityGroupIds }: NetworkProps): CfnSecurityGroup.EgressProperty[] {
  if (s3PrefixListId === undefined || endpointSecurityGroupIds === undefined) {
    return [{ ...tcp(HTTPS), cidrIp: '0.0.0.0/0', description: 'AWS APIs' }];
  }
  const endpoints = [...new Set(endpointSecurityGroupIds)].map((group) => ({
    ...tcp(HTTPS),
    destinationSecurityGroupId: group,
    description: 'Endpoints of AWS services',
  }));
  return [...endpoints, { ...tcp(HTTPS), destinationPrefixListId: s3PrefixListId, description: 'S3' }];
}

/** Why workers couldn't do with the endpoints that are named; nothing if they can, or if none are. */
export function problemOfEndpoints({
  s3PrefixListId: s3,
  endpointSecurityGroupIds: groups,
  workerSecurityGroupIds,
}: Partial<NetworkProps>): string | undefined {
  if (s3 === undefined && groups === undefined) return undefined;
  const both = `s3PrefixListId is ${s3 ?? 'missing'}, endpointSecurityGroupIds ${groups === undefined ? 'is missing' : `are ${groups.join() || 'none'}`}`;
  if (workerSecurityGroupIds !== undefined) {
    return `${both}: workerSecurityGroupIds ${workerSecurityGroupIds.join()} have rules of their own, leave these two out`;
  }
  if (s3 !== undefined && groups !== undefined && groups.length > 0) return undefined;
  return `${both}: with one alone no worker could start, since its image comes from ECR's endpoints and from S3; name both, or neither`;
}

/** A rule's protocol and port. */
export function tcp(port: number): { ipProtocol: string; fromPort: number; toPort: number } {
  return { ipProtocol: 'tcp', fromPort: port, toPort: port };
}
