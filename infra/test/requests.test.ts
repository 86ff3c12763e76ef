import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TenantRestoreStackProps } from '../lib/stack.ts';
import { type Resources, toldRequests } from '../scripts/requests.ts';
import { synthesize } from './template.ts';

const told = (changes: Partial<TenantRestoreStackProps> = {}) =>
  toldRequests((synthesize(changes).toJSON() as { Resources: Resources }).Resources);
const desk = { id: 'Desk', principalArn: 'arn:aws:iam::444455556666:root', eventSources: ['support.desk'] };
const ANNOUNCES = '  main-OnlyThePipelineAnnounces: never events:PutEvents by anybody';

describe('who may request what', () => {
  test('is told in words where a deployment says nothing of it', () => {
    const lines = told();
    for (const line of [
      '  every principal of the account whose own policy allows events:PutEvents on it, since there are no publishers:',
      "  requests only, as any event source but the pipeline's; of another account nobody",
      ANNOUNCES,
      '    if StringEquals events:source: tenant-restore',
      '  every principal of the account whose own policy allows sqs:SendMessage on them',
      '  everything, whatever event source asks, since there are no requesters',
    ]) {
      assert.ok(lines.includes(line), lines.join('\n'));
    }
    assert.ok(!lines.some((line) => line.includes('May-')));
  });

  test('is told by the statements of publishers, and that all others are shut out', () => {
    const operators = { id: 'Operators', principalArn: 'arn:aws:iam::111122223333:role/operators' };
    const lines = told({ publishers: [desk, operators] });
    const [may, ...when] = lines.slice(lines.findIndex((line) => line.includes('May-Desk')));
    assert.equal(may, '  main-May-Desk: events:PutEvents by arn:aws:iam::444455556666:root');
    assert.match(when[0] ?? '', /if StringEquals events:detail-type: RestoreRequested or /);
    assert.equal(when[1], '    if StringEquals events:source: support.desk');
    assert.ok(
      lines.some((line) => /^ {2}those alone that a statement names; every other principal is denied/.test(line)),
    );
    assert.ok(!lines.some((line) => line.includes('every principal of the account')));
    const senders = lines[lines.indexOf('who may put messages into the queues besides EventBridge:') + 1] ?? '';
    assert.match(senders, /role\/tenant-restore-intake or .* or arn:aws:iam::111122223333:role\/operators$/);
    assert.ok(!senders.includes('444455556666'));
  });

  test('is told by grants, with what they leave out and what becomes of other event sources', () => {
    const after = (requesters: TenantRestoreStackProps['requesters'] & object) => {
      const lines = told({ requesters });
      return lines.slice(lines.indexOf('what they may request, plan, cancel and replay:') + 1);
    };
    const grants = [{ sources: ['production'], databases: ['shop', 'crm*'], schemas: [] }, {}];
    assert.deepEqual(after({ 'support.desk': grants }), [
      '  support.desk: sources production; targets production; databases shop or crm*; schemas none',
      '  support.desk: sources all; targets all; databases all; schemas all',
      '  any event source that is not named: nothing',
    ]);
    assert.deepEqual(after({ 'support.desk': [], '*': [{ targets: ['copy'] }] }), [
      '  support.desk: nothing',
      '  any event source that is not named: sources all; targets copy; databases all; schemas all',
    ]);
    assert.match(String(after({})), /everything, whatever event source asks/);
  });
});
