import { PHASES } from '../lib/names.ts';
import { named, resolve, synthesize } from './template.ts';

/** A deployment as it comes. */
export const template = synthesize();

/** One statement of a policy. */
export interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: string | string[];
  readonly Condition?: Record<string, Record<string, string | string[]>>;
}

/** What a policy may write as one or as a list. */
export const list = (value: string | string[]): string[] => (Array.isArray(value) ? value : [value]);

/** All statements of a role, resolved. */
export function statementsOf(role: string, from = template): Statement[] {
  const { Properties } = named(from, 'AWS::IAM::Role', 'RoleName', `tenant-restore-${role}`);
  const policies = resolve(from, Properties.Policies) as { PolicyDocument: { Statement: Statement[] } }[];
  return policies.flatMap((policy) => policy.PolicyDocument.Statement);
}

/** `service: Action Action …` as a list of actions. */
export function actions(lines: string[]): string[] {
  return lines
    .flatMap((line) => {
      const [service = '', names = ''] = line.split(': ');
      return names.split(' ').map((name) => `${service}:${name}`);
    })
    .filter((action, index, all) => all.indexOf(action) === index)
    .sort();
}

export const FUNCTIONS = [...PHASES, 'sweeper'];
export const ROLES = [...FUNCTIONS, 'worker-task', 'worker-start', 'dms-secrets'];
