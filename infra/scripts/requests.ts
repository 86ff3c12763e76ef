/** Who may publish on a deployment's bus, and who may request what, told from its template for whoever answers for it. */
import type { Grant, Requesters } from '../lib/props.ts';
import { written } from '../lib/wildcards.ts';

/** The resources of a template. */
export type Resources = Readonly<
  Record<string, { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>> }>
>;

interface BusStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal: string | { readonly AWS: unknown };
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface QueueStatement {
  readonly Sid?: string;
  readonly Condition: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Lines about the policies of bus and queues, and about the requesters. */
export function toldRequests(resources: Resources): string[] {
  const all = Object.values(resources);
  const policies = all.filter(({ Type }) => Type === 'AWS::Events::EventBusPolicy').map(({ Properties }) => Properties);
  const intake = all.find(({ Properties }) => String(Properties.FunctionName).endsWith('-intake'));
  const { Variables } = (intake?.Properties.Environment ?? {}) as { Variables?: { REQUESTERS?: string } };
  const queues = all.filter(({ Type }) => Type === 'AWS::SQS::QueuePolicy').map(({ Properties }) => Properties);
  return [...toldBus(policies), ...toldQueues(queues), ...toldRequesters(Variables?.REQUESTERS)];
}

/** A queue would be a way past the bus; all have the same statement. */
function toldQueues(policies: readonly Readonly<Record<string, unknown>>[]): string[] {
  const closed = policies
    .flatMap(({ PolicyDocument }) => (PolicyDocument as { Statement: QueueStatement[] }).Statement)
    .find(({ Sid }) => Sid === 'OnlyTheseSend');
  const senders = [closed?.Condition.ArnNotLike?.['aws:PrincipalArn'] ?? []].flat().map(written);
  return [
    'who may put messages into the queues besides EventBridge:',
    closed === undefined
      ? '  every principal of the account whose own policy allows sqs:SendMessage on them'
      : `  ${senders.join(' or ')}`,
  ];
}

function toldBus(policies: readonly Readonly<Record<string, unknown>>[]): string[] {
  const isClosed = policies.some(({ StatementId }) => String(StatementId).endsWith('-OnlyThesePublish'));
  const admits = policies.some(({ Statement }) => (Statement as BusStatement).Effect === 'Allow');
  return [
    'who may publish on the bus:',
    ...(isClosed
      ? ['  those alone that a statement names; every other principal is denied, whatever its own policy says']
      : [
          '  every principal of the account whose own policy allows events:PutEvents on it, since there are no publishers:',
          `  requests only, as any event source but the pipeline's; of another account ${admits ? 'those that a statement names' : 'nobody'}`,
        ]),
    ...policies.flatMap(({ StatementId, Statement }) => toldStatement(String(StatementId), Statement as BusStatement)),
  ];
}

function toldStatement(id: string, { Effect, Principal, Condition }: BusStatement): string[] {
  const whom = typeof Principal === 'string' ? 'anybody' : written(Principal.AWS);
  const conditions = Object.entries(Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(
      ([key, value]) => `    if ${operator} ${key}: ${[value].flat().map(written).join(' or ')}`,
    ),
  );
  return [`  ${id}: ${Effect === 'Deny' ? 'never ' : ''}events:PutEvents by ${whom}`, ...conditions];
}

function toldRequesters(text: string | undefined): string[] {
  const title = 'what they may request, plan, cancel and replay:';
  const { '*': others, ...named } = JSON.parse(text ?? '{}') as Requesters;
  if (others === undefined && Object.keys(named).length === 0) {
    return [title, '  everything, whatever event source asks, since there are no requesters'];
  }
  const lines = Object.entries(named).flatMap(([eventSource, grants]) => toldGrants(eventSource, grants));
  return [title, ...lines, ...toldGrants('any event source that is not named', others ?? [])];
}

function toldGrants(eventSource: string, grants: readonly Grant[]): string[] {
  if (grants.length === 0) return [`  ${eventSource}: nothing`];
  return grants.map((grant) => `  ${eventSource}: ${toldGrant(grant)}`);
}

/** As intake reads it: what is absent allows all, and targets are as sources. */
function toldGrant({ sources, targets = sources, databases, schemas }: Grant): string {
  const parts = Object.entries({ sources, targets, databases, schemas });
  return parts.map(([key, names]) => `${key} ${names === undefined ? 'all' : names.join(' or ') || 'none'}`).join('; ');
}
