/** The form of each setting: what would otherwise be found out by CloudFormation, by a function's start, or by nobody. */
import { KINDS } from './demonstration/kind.ts';
import { problemsOfDocuments } from './documents.ts';
import { readPublishers } from './publishers.ts';
import { readRequesters } from './requesters.ts';

const ids = (prefix: string) => new RegExp(`^${prefix}-[0-9a-f]+(\\s*,\\s*${prefix}-[0-9a-f]+)*$`);
const arn = (service: string, resource: string) => new RegExp(`^arn:[\\w-]+:${service}:[\\w-]+:\\d{12}:${resource}$`);
const CHOICE = /^(true|false)$/;
const KEY = arn('kms', 'key/[\\w-]+');
const PORT = '([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])';
const LEVEL = '([^,=\\s]+=)?(off|error|warn|info|debug|trace)';
const A_KEY = 'the ARN of a key, not of an alias';

type Form = readonly [key: string, form: RegExp, meaning: string];

const FORMS: readonly Form[] = [
  ['vpcId', /^vpc-[0-9a-f]+$/, 'the id of a VPC, such as vpc-0123456789abcdef0'],
  ['subnetIds', ids('subnet'), 'comma-separated ids of subnets, such as subnet-0123456789abcdef0'],
  ['databaseSubnetIds', ids('subnet'), 'comma-separated ids of subnets, such as subnet-0123456789abcdef0'],
  ['securityGroupIds', ids('sg'), 'comma-separated ids of security groups, such as sg-0123456789abcdef0'],
  ['endpointSecurityGroupIds', ids('sg'), 'comma-separated ids of security groups, such as sg-0123456789abcdef0'],
  ['databasePorts', new RegExp(`^${PORT}(\\s*,\\s*${PORT})*$`), 'comma-separated port numbers'],
  // RDS keeps identifiers in lower case, and so do the ARNs in the policies.
  [
    'source',
    /^(?=.{1,63}$)[a-z](-?[a-z0-9])*$/,
    'the identifier of an instance or cluster: lower-case letters, digits and single hyphens, up to 63',
  ],
  // Secrets Manager's own six characters end it (Secrets Manager user guide, "What's in a secret").
  [
    'sourceSecretArn',
    arn('secretsmanager', 'secret:[\\w/+=.@!-]+-[A-Za-z0-9]{6}'),
    'the full ARN of a secret, with the hyphen and six characters at its end: `aws secretsmanager describe-secret` tells it',
  ],
  ['deployment', /^[a-z][a-z0-9-]{0,30}[a-z0-9]$/, 'lower-case letters, digits and hyphens, 2 to 32 characters'],
  ['deploymentTag', /^[a-z][a-z0-9]{0,5}$/, 'a letter and up to 5 lower-case letters or digits'],
  ['lambdaArtifact', /\S/, 'a directory'],
  ['workerImage', /^\S+$/, 'the name of an image, or the folder that it is built from'],
  ['workerArchitecture', /^(arm64|x86_64)$/, 'arm64 or x86_64'],
  ['workerCaBundle', /^\/./, 'an absolute path inside the image'],
  ['workerCpu', /^\d+$/, 'a number of CPU units'],
  ['workerMemoryMiB', /^\d+$/, 'a number of MiB'],
  ['workerMostConnections', /^([1-9]|[1-5]\d|6[0-4])$/, 'a number from 1 to 64'],
  ['workerCopyPieceMiB', /^[1-9]\d{0,5}$/, 'a number of MiB from 1 to 999999'],
  ['sampleAboveMiB', /^[1-9]\d{0,9}$/, 'a number of MiB'],
  ['dmsCaCertificateArn', arn('dms', 'cert:\\S+'), 'the ARN of a certificate of DMS'],
  ['dmsInstanceClass', /^dms\.\w+\.[\w-]+$/, 'a class of replication instances, such as dms.t3.medium'],
  ['managedSecrets', CHOICE, 'true or false'],
  ['kmsKeyArn', KEY, A_KEY],
  ['sweeping', /^(mend|report|off)$/, 'mend, report or off'],
  ['archiveDays', /^[1-9]\d*$/, 'a number of days'],
  ['schemaRegistry', CHOICE, 'true or false'],
  ['messageKeyArn', KEY, A_KEY],
  ['topicArn', arn('sns', '[\\w-]+'), 'the ARN of a standard topic'],
  ['topicKeyArn', KEY, A_KEY],
  ['alarmTopicArn', arn('sns', '[\\w-]+(\\.fifo)?'), 'the ARN of a topic'],
  ['tracing', CHOICE, 'true or false'],
  // A level that is misspelt is read as the name of a module, and nothing else is logged then.
  [
    'logLevel',
    new RegExp(`^${LEVEL}(,${LEVEL})*$`, 'i'),
    'off, error, warn, info, debug or trace, or such a level for a module: info,tenant_restore_core=debug',
  ],
  ['auditDays', /^[1-9]\d*$/, 'a number of days'],
  ['removal', /^(retain|destroy)$/, 'retain or destroy'],
  ['selectedDatabase', new RegExp(`^(${KINDS.join('|')})$`), KINDS.join(', ').replace(/, (\w+)$/, ' or $1')],
  ['sampleArtifact', /\S/, 'a directory'],
  ['samples', CHOICE, 'true or false'],
  ['dmsRoles', /^(existing|create)$/, 'existing or create'],
  ['engineVersion', /^\d{2}(\.\d{1,2})?$/, 'a version of PostgreSQL, such as 17.9 or 17'],
  ['s3PrefixListId', /^pl-[0-9a-f]+$/, "the id of S3's prefix list"],
];

/** What of these settings has another form than it must have, each with its name, its value and what is meant. */
export function problemsOfForm(context: Readonly<Record<string, string>>): string[] {
  const told = FORMS.flatMap(([key, form, meaning]) => {
    const value = context[key];
    return value === undefined || form.test(value) ? [] : [`${key} must be ${meaning}, not ${value}`];
  });
  return [...told, ...problemsOfDocuments(context), ...problemsOfReading(context)];
}

function problemsOfReading(context: Readonly<Record<string, string>>): string[] {
  const readers = { requesters: readRequesters, publishers: readPublishers };
  return Object.entries(readers).flatMap(([key, read]) => {
    try {
      if (context[key] !== undefined) read(context[key]);
      return [];
    } catch (error) {
      return [`${key}: ${(error as Error).message}`];
    }
  });
}
