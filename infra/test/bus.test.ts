import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import { readPublishers } from '../lib/publishers.ts';
import { ACCOUNT, resolve, resources, synthesize } from './template.ts';

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal: unknown;
  readonly Condition: Record<string, Record<string, string | string[]>>;
}

const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const template = synthesize({
  publishers: [
    { id: 'SupportDesk', principalArn: 'arn:aws:iam::444455556666:root', eventSources: ['support.desk'] },
    { id: 'Operators', principalArn: role('operators') },
  ],
});

function policy(from: Template): Map<string, Statement> {
  return new Map(
    Object.values(resources(from, 'AWS::Events::EventBusPolicy')).map(({ Properties }) => [
      String(Properties.StatementId),
      resolve(from, Properties.Statement) as Statement,
    ]),
  );
}

/** Whether the policy denies a publication, whatever else allows it. */
function denied(from: Template, principal: string, eventSource: string): boolean {
  return [...policy(from).values()].some(({ Effect, Condition }) => {
    if (Effect !== 'Deny') return false;
    const { StringEquals, ArnNotEquals, ArnNotLike, ...others } = Condition;
    assert.deepEqual(others, {});
    const spared = [ArnNotEquals, ArnNotLike].flatMap((condition) => condition?.['aws:PrincipalArn'] ?? []);
    const like = (pattern: string) =>
      pattern.endsWith('*') ? principal.startsWith(pattern.slice(0, -1)) : principal === pattern;
    return (StringEquals?.['events:source'] ?? eventSource) === eventSource && !spared.some(like);
  });
}

describe('the bus', () => {
  test('takes announcements in the name of the pipeline from its own functions alone', () => {
    const open = synthesize();
    for (const name of ['intake', 'complete', 'sweeper']) {
      assert.equal(denied(open, role(`tenant-restore-${name}`), 'tenant-restore'), false, name);
    }
    for (const name of ['tenant-restore-worker-task', 'billing', 'tenant-restore-intake-2']) {
      assert.equal(denied(open, role(name), 'tenant-restore'), true, name);
      assert.equal(denied(open, role(name), 'billing'), false, name);
    }
  });

  test('with publishers, denies everybody else, whatever their own policy says', () => {
    assert.equal(denied(template, role('operators'), 'tenant-restore.cli'), false);
    assert.equal(denied(template, 'arn:aws:iam::444455556666:role/any', 'support.desk'), false);
    assert.equal(denied(template, role('tenant-restore-intake'), 'tenant-restore'), false);
    assert.equal(denied(template, role('billing'), 'tenant-restore.cli'), true);
    assert.equal(denied(template, role('operators'), 'tenant-restore'), true);
  });

  test('admits a publisher with requests, as its event sources alone, and with nothing that we announce', () => {
    const allowed = policy(template).get('SupportDesk');
    assert.deepEqual([allowed?.Effect, allowed?.Principal], ['Allow', { AWS: 'arn:aws:iam::444455556666:root' }]);
    assert.deepEqual(allowed?.Condition, {
      StringEquals: {
        'events:detail-type': [
          'RestoreRequested',
          'RestorePlanRequested',
          'RestoreCancelRequested',
          'RestoreReplayRequested',
        ],
        'events:source': ['support.desk'],
      },
    });
    const operators = policy(template).get('Operators');
    assert.deepEqual(Object.keys(operators?.Condition.StringEquals ?? {}), ['events:detail-type']);
  });

  test('is archived whole, as long as the deployment wants', () => {
    const archive = (from: Template) => Object.values(resources(from, 'AWS::Events::Archive'))[0]?.Properties;
    assert.equal(archive(template)?.RetentionDays, 30);
    assert.equal(archive(template)?.EventPattern, undefined);
    assert.equal(archive(synthesize({ archiveDays: 365 }))?.RetentionDays, 365);
  });
});

describe('publishers in the context', () => {
  test('are read as they are written', () => {
    const desk = { principal: 'arn:aws:iam::444455556666:root', as: ['support.desk'] };
    assert.deepEqual(readPublishers(JSON.stringify({ Desk: desk, Ops: { principal: role('ops') } })), [
      { id: 'Desk', principalArn: desk.principal, eventSources: desk.as },
      { id: 'Ops', principalArn: role('ops') },
    ]);
  });

  test('are refused whenever they could be misread', () => {
    for (const [publishers, problem] of [
      [[], 'must be a JSON object of publishers'],
      [{ 'a b': {} }, 'a b must be of letters'],
      [{ a: 'arn' }, 'a must be a JSON object'],
      [{ a: { principal: role('x'), source: ['y'] } }, 'a has source; only principal and as'],
      [{ a: { principal: '*' } }, 'a must name in principal the ARN'],
      [{ a: { principal: role('x'), as: [] } }, 'a must hold in as a list'],
    ] as const) {
      assert.throws(
        () => readPublishers(JSON.stringify(publishers)),
        (error: Error) => error.message.includes(problem),
        problem,
      );
    }
  });
});
