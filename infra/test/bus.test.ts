import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { Publisher } from '../lib/props.ts';
import { readPublishers } from '../lib/publishers.ts';
import { TenantRestoreStack } from '../lib/stack.ts';
import { ACCOUNT, props, REGION, resolve, resources, synthesize } from './template.ts';

type Condition = Record<string, Record<string, string | string[]>>;

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal: unknown;
  readonly Condition: Condition;
}

interface Publication {
  readonly principal: string;
  readonly source: string;
  readonly detailType?: string;
}

const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const DESK = 'arn:aws:iam::444455556666:role/any';
const PUBLISHERS: Publisher[] = [
  { id: 'SupportDesk', principalArn: 'arn:aws:iam::444455556666:root', eventSources: ['support.desk'] },
  { id: 'Billing', principalArn: role('billing'), eventSources: ['billing.app', 'billing.batch'] },
  { id: 'Operators', principalArn: role('operators') },
];
const template = synthesize({ publishers: PUBLISHERS });

function policy(from: Template): Map<string, Statement> {
  return new Map(
    Object.values(resources(from, 'AWS::Events::EventBusPolicy')).map(({ Properties }) => [
      String(Properties.StatementId),
      resolve(from, Properties.Statement) as Statement,
    ]),
  );
}

const OPERATORS: Record<string, (actual: string, expected: string) => boolean> = {
  StringEquals: (actual, expected) => actual === expected,
  ArnEquals: (actual, expected) => actual === expected,
  ArnLike: (actual, expected) =>
    expected.endsWith('*') ? actual.startsWith(expected.slice(0, -1)) : actual === expected,
};

/** IAM's reading of a condition: every key of every operator must hold, by one of its values; by none, if it is negated. */
function holds(condition: Condition, actual: Record<string, string>): boolean {
  return Object.entries(condition).every(([operator, keys]) => {
    const compare = OPERATORS[operator.replace('Not', '')];
    assert.ok(compare, operator);
    return Object.entries(keys).every(([key, values]) => {
      const value = actual[key];
      assert.ok(value, key);
      return [values].flat().some((expected) => compare(value, expected)) !== operator.includes('Not');
    });
  });
}

/** Whether the policy denies a publication, whatever else allows it. */
function denied(from: Template, { principal, source, detailType = 'RestoreRequested' }: Publication): boolean {
  const actual = { 'aws:PrincipalArn': principal, 'events:source': source, 'events:detail-type': detailType };
  return [...policy(from).values()].some(({ Effect, Condition }) => Effect === 'Deny' && holds(Condition, actual));
}

describe('the bus', () => {
  test('takes announcements in the name of the pipeline from its own functions alone', () => {
    const open = synthesize();
    for (const name of ['intake', 'complete', 'sweeper']) {
      const announcement = { principal: role(`tenant-restore-${name}`), source: 'tenant-restore' };
      assert.equal(denied(open, { ...announcement, detailType: 'RestoreCompleted' }), false, name);
    }
    for (const name of ['tenant-restore-worker-task', 'billing', 'tenant-restore-intake-2']) {
      assert.equal(denied(open, { principal: role(name), source: 'tenant-restore' }), true, name);
      assert.equal(denied(open, { principal: role(name), source: 'billing' }), false, name);
    }
  });

  test('with publishers, denies everybody else, whatever their own policy says', () => {
    assert.equal(denied(template, { principal: role('operators'), source: 'tenant-restore.cli' }), false);
    assert.equal(denied(template, { principal: DESK, source: 'support.desk' }), false);
    const announcement = { principal: role('tenant-restore-intake'), source: 'tenant-restore' };
    assert.equal(denied(template, { ...announcement, detailType: 'RestoreAccepted' }), false);
    assert.equal(denied(template, { principal: role('other'), source: 'tenant-restore.cli' }), true);
    assert.equal(denied(template, { principal: role('operators'), source: 'tenant-restore' }), true);
  });

  test('denies a publisher every event source but its own, whatever its own policy says', () => {
    for (const source of ['billing.app', 'billing.batch']) {
      assert.equal(denied(template, { principal: role('billing'), source }), false, source);
    }
    for (const source of ['support.desk', 'tenant-restore.cli', 'billing']) {
      assert.equal(denied(template, { principal: role('billing'), source }), true, source);
    }
    assert.equal(denied(template, { principal: DESK, source: 'billing.app' }), true);
    assert.equal(denied(template, { principal: role('operators'), source: 'billing.app' }), false);
  });

  test('denies a publisher everything but requests, whatever its own policy says', () => {
    const desk = { principal: DESK, source: 'support.desk' };
    const operators = { principal: role('operators'), source: 'support.desk' };
    for (const detailType of ['RestoreCancelRequested', 'RestorePlanRequested', 'RestoreReplayRequested']) {
      assert.equal(denied(template, { ...desk, detailType }), false, detailType);
    }
    for (const detailType of ['RestoreCompleted', 'Order Placed']) {
      assert.equal(denied(template, { ...desk, detailType }), true, detailType);
      assert.equal(denied(template, { ...operators, detailType }), true, detailType);
    }
  });

  test('admits a publisher with requests, as its event sources alone, and with nothing that we announce', () => {
    const allowed = [...policy(template).values()].filter(({ Effect }) => Effect === 'Allow');
    assert.deepEqual(
      allowed.map(({ Principal }) => Principal),
      PUBLISHERS.map(({ principalArn }) => ({ AWS: principalArn })),
    );
    const requests = ['RestoreRequested', 'RestorePlanRequested', 'RestoreCancelRequested', 'RestoreReplayRequested'];
    assert.deepEqual(
      allowed.map(({ Condition }) => Condition),
      PUBLISHERS.map(({ eventSources }) => ({
        StringEquals: { 'events:detail-type': requests, ...(eventSources && { 'events:source': eventSources }) },
      })),
    );
  });

  test('shares no name of a statement with another deployment of the account: CloudFormation takes each once', () => {
    const long = { id: 'a'.repeat(48), principalArn: role('long'), eventSources: ['long.app'] };
    const statements = (deploymentTag: string) => [
      ...policy(
        synthesize({ deployment: `of-${deploymentTag}`, deploymentTag, publishers: [...PUBLISHERS, long] }),
      ).keys(),
    ];
    const blue = statements('blue01');
    const other = new Set(statements('green1'));
    assert.deepEqual(
      blue.filter((id) => other.has(id)),
      [],
    );
    for (const id of blue) assert.match(id, /^[\w-]{1,64}$/);
  });

  test('takes a publisher of any name', () => {
    const statements = (id: string) =>
      policy(synthesize({ publishers: [{ id, principalArn: role('ops'), eventSources: ['ops.app'] }] })).size;
    for (const id of ['Archive', 'Resource', 'OnlyThesePublish', 'OnlyThePipelineAnnounces']) {
      assert.equal(statements(id), statements('Other'), id);
    }
  });

  test('refuses publishers that its policy would shut out or could not name', () => {
    const one = { id: 'One', principalArn: role('one') };
    for (const [publishers, problem] of [
      [[], 'name one publisher at least'],
      [[{ id: 'Account', principalArn: '444455556666' }], 'Account must name in principal the ARN'],
      [[{ id: 'All', principalArn: role('*') }], 'All must name in principal the ARN'],
      [[{ ...one, eventSources: [] }], 'One must hold in as a list'],
      [[{ ...one, eventSources: ['tenant-restore'] }], 'One may not publish as tenant-restore'],
      [[one, { ...one, id: 'Two' }], 'One and Two name the same principal'],
      [[one, { ...one, principalArn: role('two') }], 'two publishers are called One'],
    ] as const) {
      assert.throws(
        () => synthesize({ publishers }),
        (error: Error) => error.message.includes(problem),
        problem,
      );
    }
  });

  test('takes another publisher later, unless those that were given are all', () => {
    const added = (publishers?: Publisher[]) => {
      const env = { account: ACCOUNT, region: REGION };
      const stack = new TenantRestoreStack(new App(), props(publishers && { publishers }), env);
      stack.pipeline.bus.addPublisher('Later', role('later'), ['later.app']);
      return Template.fromStack(stack);
    };
    assert.deepEqual(policy(added()).get('main-May-Later')?.Principal, { AWS: role('later') });
    assert.equal(denied(added(), { principal: role('later'), source: 'another.app' }), true);
    assert.throws(() => added(PUBLISHERS), /was given publishers/);
    assert.throws(() => {
      new TenantRestoreStack(new App(), props()).pipeline.bus.addPublisher('All', '*');
    }, /All must name in principal the ARN/);
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
      [{}, 'name one publisher at least'],
      [{ 'a b': { principal: role('x') } }, 'a b must be of up to 48 letters'],
      [{ a: 'arn' }, 'a must be a JSON object'],
      [{ a: { principal: role('x'), source: ['y'] } }, 'a has source; only principal and as'],
      [{ a: { principal: '*' } }, 'a must name in principal the ARN'],
      [{ a: { principal: role('*') } }, 'a must name in principal the ARN'],
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
