import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { TenantRestoreStack, type TenantRestoreStackProps } from '../lib/stack.ts';

// The CDK checks every template against CloudFormation's schemas; the synthesis of the app does that once.
process.env.CDK_VALIDATION = 'false';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-3';
export const SOURCE_SECRET = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:production-AbCdEf`;

/** A resource of a template. */
export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
}

/** Props of a deployment in a VPC of its own making, with what a test wants otherwise. */
export function props(changes: Partial<TenantRestoreStackProps> = {}): TenantRestoreStackProps {
  const lambdaArtifact = mkdtempSync(join(tmpdir(), 'artifact-'));
  writeFileSync(join(lambdaArtifact, 'bootstrap'), '');
  return {
    network: {
      vpcId: 'vpc-0123456789abcdef0',
      taskSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
      databaseSubnetIds: ['subnet-0123456789abcdef2', 'subnet-0123456789abcdef3'],
      sourceSecurityGroupIds: ['sg-0123456789abcdef0'],
    },
    source: { identifier: 'production', secretArn: SOURCE_SECRET },
    lambdaArtifact,
    worker: { image: 'worker:1' },
    ...changes,
  };
}

/** The template of one deployment. */
export function synthesize(changes: Partial<TenantRestoreStackProps> = {}): Template {
  return Template.fromStack(new TenantRestoreStack(new App(), props(changes), { account: ACCOUNT, region: REGION }));
}

/** All resources of a type, by logical id. */
export function resources(template: Template, type: string): Record<string, Resource> {
  return template.findResources(type) as Record<string, Resource>;
}

/** The only resource of a type whose property has this value. */
export function named(template: Template, type: string, property: string, value: string): Resource {
  const found = Object.values(resources(template, type)).filter((r) => r.Properties[property] === value);
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(`${found.length} of ${type} have ${property} ${value}`);
  return found[0];
}

/** The value as CloudFormation would see it: joins joined, references and attributes as names of what they refer to. */
export function resolve(template: Template, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(template, item));
  if (typeof value !== 'object' || value === null) return value;
  const object = value as Record<string, unknown>;
  if ('Fn::Join' in object) {
    const [separator, parts] = object['Fn::Join'] as [string, unknown[]];
    return parts.map((part) => resolve(template, part)).join(separator);
  }
  if (object.Ref === 'AWS::Partition') return 'aws';
  if (object.Ref === 'AWS::Region') return REGION;
  if ('Ref' in object) return physicalName(template, object.Ref as string);
  if ('Fn::GetAtt' in object) {
    const [id, attribute] = object['Fn::GetAtt'] as [string, string];
    if (attribute === 'QueueName') return physicalName(template, id);
    return attribute === 'Arn' ? arnOf(template, id) : `${id}.${attribute}`;
  }
  return Object.fromEntries(Object.entries(object).map(([key, item]) => [key, resolve(template, item)]));
}

const NAME_PROPERTIES = [
  'QueueName',
  'FunctionName',
  'RoleName',
  'TableName',
  'BucketName',
  'TopicName',
  'ClusterName',
  'LogGroupName',
  'DBSubnetGroupName',
  'ReplicationSubnetGroupIdentifier',
  'GroupName',
  'Family',
  'AlarmName',
  'ArchiveName',
  'RegistryName',
  'Name',
];

/** The fixed name of a resource, if its type has one. */
export function nameOf(resource: Resource): string | undefined {
  const property = NAME_PROPERTIES.find((key) => key in resource.Properties);
  return property === undefined ? undefined : String(resource.Properties[property]);
}

function find(template: Template, id: string): Resource {
  const resource = (template.toJSON() as { Resources: Record<string, Resource> }).Resources[id];
  if (resource === undefined) throw new Error(`no resource ${id}`);
  return resource;
}

function physicalName(template: Template, id: string): string {
  return nameOf(find(template, id)) ?? id;
}

/** ARN prefixes of the types that the tests read ARNs of. */
const ARN: Record<string, string> = {
  'AWS::SQS::Queue': `arn:aws:sqs:${REGION}:${ACCOUNT}:`,
  'AWS::DynamoDB::Table': `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/`,
  'AWS::S3::Bucket': 'arn:aws:s3:::',
  'AWS::Events::EventBus': `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/`,
  'AWS::Events::Rule': `arn:aws:events:${REGION}:${ACCOUNT}:rule/`,
  'AWS::IAM::Role': `arn:aws:iam::${ACCOUNT}:role/`,
  'AWS::Logs::LogGroup': `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:`,
  'AWS::ECS::Cluster': `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/`,
};

function arnOf(template: Template, id: string): string {
  return `${ARN[find(template, id).Type] ?? `${id}:`}${physicalName(template, id)}`;
}
