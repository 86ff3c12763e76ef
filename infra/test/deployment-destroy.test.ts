import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Came, type Does, interrupts, refuses, RUNS_ON, says, script } from './scripts.ts';

const EMPTY_TEMPLATE = { TemplateBody: { Resources: {} } };
const IDLE = { unfinished: 0, inUse: 0, orphans: [] };
const stack = (StackStatus: string) => says({ Stacks: [{ StackStatus }] });

/** The file that an invocation's answer goes to, of the AWS CLI's options. */
const ANSWER = 'for option; do case "$option" in */found.json) answer=$option ;; esac; done';
const sweeps = (found: unknown) => `${ANSWER}; echo '${JSON.stringify(found)}' > "$answer"; echo '{}'`;

/** The mapping of intake's queue, which keeps what it was last told. */
const SWITCHES = {
  'lambda list-event-source-mappings': says({ EventSourceMappings: [{ UUID: 'feed' }] }),
  'lambda update-event-source-mapping --uuid feed --no-enabled': 'touch $HERE/rests; echo {}',
  'lambda update-event-source-mapping --uuid feed --enabled': 'rm -f $HERE/rests; echo {}',
  'lambda get-event-source-mapping': `if [ -e $HERE/rests ]; then ${says({ State: 'Disabled' })}; else ${says({ State: 'Enabled' })}; fi`,
};

/** An idle deployment. */
const IDLING: Does = {
  'sts get-caller-identity': says({ Account: '111122223333' }),
  'cloudformation describe-stacks': stack('UPDATE_COMPLETE'),
  'cloudformation get-template': says(EMPTY_TEMPLATE),
  'lambda invoke': sweeps(IDLE),
  'sqs get-queue-url': refuses('QueueDoesNotExist'),
  's3api list-objects-v2': says({}),
  ...SWITCHES,
};

/** `make destroy` of it, but for what is said otherwise. */
function destroy(otherwise: Does = {}, cdk = 'exit 0'): Promise<Came> {
  return script('destroy', {
    settings: { region: 'eu-west-3' },
    aws: { ...otherwise, ...IDLING, ...otherwise },
    cdk: { destroy: cdk },
    environment: { CONFIRM: 'tenant-restore' },
  });
}

/** What was done to the stack and to intake, in its order. */
function deeds({ calls }: Came): string[] {
  const known: readonly (readonly [RegExp, string])[] = [
    [/^aws lambda update-event-source-mapping .*--no-enabled/, 'rests'],
    [/^aws lambda update-event-source-mapping .*--enabled/, 'goes on'],
    [/^cdk destroy/, 'destroys'],
    [/^the look ends/, 'the look ends'],
    [/^ran on/, 'ran on'],
  ];
  return calls.flatMap((call) => known.filter(([form]) => form.test(call)).map(([, deed]) => deed));
}

describe('the removal of a deployment', () => {
  test('lets intake rest, looks again, and leaves the rest to the CDK', async () => {
    const came = await destroy();
    assert.equal(came.status, 0, came.stderr);
    assert.deepEqual(deeds(came), ['rests', 'destroys']);
    assert.equal(came.calls.filter((call) => call.startsWith('aws lambda invoke')).length, 2);
  });

  test('makes the template before intake rests: what fails then leaves everything as it was', async () => {
    const { calls } = await destroy();
    const at = (beginning: string) => calls.findIndex((call) => call.startsWith(beginning));
    assert.ok(at('app ') !== -1 && at('app ') < at('aws lambda update-event-source-mapping'), calls.join('\n'));
  });

  test('is refused for what came meanwhile, and intake goes on', async () => {
    const second = `if [ -e $HERE/rests ]; then ${sweeps({ ...IDLE, unfinished: 1 })}; else ${sweeps(IDLE)}; fi`;
    const came = await destroy({ 'lambda invoke': second });
    assert.equal(came.status, 1);
    assert.match(came.stderr, /nothing was changed:\n {2}1 restore or plan is live/);
    assert.deepEqual(deeds(came), ['rests', 'goes on']);
  });

  test('waits for a sweep that takes longer than the minute that the AWS CLI waits by itself', async () => {
    const patience = 'while [ $# -gt 0 ] && [ "$1" != --cli-read-timeout ]; do shift; done';
    const gaveUp = 'echo "Read timeout on endpoint URL" >&2; exit 255';
    const slow = `${ANSWER}; ${patience}; if [ "\${2:-60}" -lt 300 ]; then ${gaveUp}; fi; echo '${JSON.stringify(IDLE)}' > "$answer"; echo '{}'`;
    const came = await destroy({ 'lambda invoke': slow });
    assert.equal(came.status, 0, came.stderr);
  });

  test('is refused when the sweeper fails, with what it said and where more stands', async () => {
    const died = { errorMessage: 'Task timed out after 300.00 seconds' };
    const fails = `${ANSWER}; echo '${JSON.stringify(died)}' > "$answer"; ${says({ StatusCode: 200, FunctionError: 'Unhandled' })}`;
    const came = await destroy({ 'lambda invoke': fails });
    assert.equal(came.status, 1);
    assert.match(
      came.stderr,
      /the sweeper can't tell what is live, see its log group \/aws\/lambda\/tenant-restore-swe/,
    );
    assert.match(came.stderr, /Task timed out after 300\.00 seconds/);
    assert.deepEqual(deeds(came), []);
  });
});

describe('a removal that is broken off', () => {
  for (const signal of ['INT', 'TERM', 'HUP']) {
    test(`by SIG${signal} while intake comes to rest ends there, and intake goes on`, async () => {
      const once = `if [ ! -e $HERE/once ]; then touch $HERE/once; ${interrupts(signal)}; ${says({ State: 'Disabling' })}`;
      const came = await destroy({
        'lambda get-event-source-mapping': `${once}; elif [ -e $HERE/rests ]; then ${says({ State: 'Disabled' })}; else ${says({ State: 'Enabled' })}; fi`,
      });
      assert.equal(came.status, 1);
      assert.match(came.stderr, new RegExp(`interrupted by SIG${signal}$`, 'm'));
      assert.deepEqual(deeds(came), ['rests', 'goes on']);
    });
  }

  test('while it looks has intake go on before the look ends', async () => {
    const untilAwake = 'for try in $(seq 300); do [ -e $HERE/rests ] || break; sleep 0.1; done';
    const long = `${interrupts('TERM')}; ${untilAwake}; echo 'the look ends' >> $HERE/calls; exit 1`;
    const came = await destroy({ 'lambda invoke': `if [ -e $HERE/rests ]; then ${long}; fi; ${sweeps(IDLE)}` });
    assert.equal(came.status, 1);
    assert.deepEqual(deeds(came), ['rests', 'goes on', 'the look ends']);
  });

  test('when intake takes no order yet asks until it does', async () => {
    const busy = `if [ ! -e $HERE/busy ]; then touch $HERE/busy; ${refuses('ResourceInUseException')}; fi`;
    const came = await destroy({
      'lambda invoke': `if [ -e $HERE/rests ]; then exit 1; fi; ${sweeps(IDLE)}`,
      'lambda update-event-source-mapping --uuid feed --enabled': `${busy}; rm -f $HERE/rests; echo {}`,
    });
    assert.deepEqual(deeds(came), ['rests', 'goes on', 'goes on']);
    assert.doesNotMatch(came.stderr, /intake rests/);
  });

  test("when intake can't be woken says that nobody looks at requests", async () => {
    const came = await destroy({
      'lambda invoke': `if [ -e $HERE/rests ]; then exit 1; fi; ${sweeps(IDLE)}`,
      'lambda update-event-source-mapping --uuid feed --enabled': refuses('ExpiredTokenException'),
    });
    assert.match(came.stderr, /intake rests, and nobody looks at requests until you deploy again: .*ExpiredToken/);
  });

  test('before CloudFormation was asked ends the CDK, and intake goes on', async () => {
    const came = await destroy({}, `${interrupts('TERM')}; ${RUNS_ON}`);
    assert.equal(came.status, 1);
    assert.match(came.stderr, /interrupted by SIGTERM$/m);
    assert.deepEqual(deeds(came), ['rests', 'destroys', 'goes on']);
  });

  test('while CloudFormation removes the stack leaves intake at rest, and says so', async () => {
    for (const status of ['DELETE_IN_PROGRESS', 'DELETE_FAILED']) {
      const came = await destroy(
        {
          'cloudformation describe-stacks': `if [ -e $HERE/rests ]; then ${stack(status)}; else ${stack('CREATE_COMPLETE')}; fi`,
        },
        'exit 1',
      );
      assert.equal(came.status, 1);
      assert.match(
        came.stderr,
        new RegExp(`the stack TenantRestore is ${status}, and intake rests: .make destroy. again`),
      );
      assert.deepEqual(deeds(came), ['rests', 'destroys']);
    }
  });

  test("whose stack can't be seen says that intake rests", async () => {
    const came = await destroy(
      {
        'cloudformation describe-stacks': `if [ -e $HERE/rests ]; then ${refuses('ExpiredToken')}; fi; ${stack('CREATE_COMPLETE')}`,
      },
      'exit 1',
    );
    assert.match(came.stderr, /intake rests, and what became of the stack TenantRestore can't be seen/);
    assert.match(came.stderr, /cdk destroy failed/);
  });
});
