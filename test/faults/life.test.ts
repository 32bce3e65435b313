import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { workersOf, stateOf } from '../../scripts/processes.ts';
import { fixtureFile } from '../fixtures/tiny-model.ts';
import { eventually } from '../fixtures/eventually.ts';
import { assertSame, serve, words } from './serving.ts';

const skip = process.platform === 'linux' ? false : 'it reads /proc';
const JUMPING_CLOCK = `--import ${import.meta.resolve('../fixtures/jumping-clock.js')}`;
let model = '';
before(async () => {
  model = await fixtureFile('f32');
});

test(
  'SIGTERM under load answers what is in flight, refuses what comes, and ends with 0',
  { skip },
  async (t) => {
    const server = await serve(t, model, { args: ['--dp', '2'] });
    const texts = words(30);
    const expected = await Promise.all(texts.map(server.ask));
    const workers = workersOf(server.pid);
    const inFlight = Array.from({ length: 10 }, () => texts)
      .flat()
      .map(server.ask);
    await Promise.race(inFlight);
    const ended = server.end('SIGTERM');
    const late = Promise.allSettled(texts.map(server.ask));
    let refused = 0;
    for (const [i, reply] of (await Promise.allSettled(inFlight)).entries()) {
      // Those that had not arrived are refused, or find nobody.
      if (reply.status === 'fulfilled' && reply.value.status === 200)
        assertSame(reply.value, expected[i % texts.length]);
      else if (reply.status === 'fulfilled') assert.equal(reply.value.code, 'stopping');
      else refused += 1;
    }
    assert.ok(refused < inFlight.length);
    for (const [i, reply] of (await late).entries())
      if (reply.status === 'fulfilled' && reply.value.status !== 503) assertSame(reply.value, expected[i]);
    assert.equal(await ended, 0);
    await eventually(() => workers.every((pid) => stateOf(pid) === null));
  },
);

test('a clock that jumps by years neither ends requests nor workers', { skip }, async (t) => {
  const args = ['--request-deadline', '60', '--watchdog-timeout', '60'];
  const server = await serve(t, model, { args, env: { NODE_OPTIONS: JUMPING_CLOCK } });
  const workers = workersOf(server.pid);
  const expected = await server.ask('a');
  for (let n = 0; n < 50; n++) assertSame(await server.ask('a'), expected);
  assert.deepEqual(workersOf(server.pid), workers);
  assert.equal(await server.end(), 0);
});
