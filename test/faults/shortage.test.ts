import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { workersOf } from '../../scripts/processes.ts';
import { runCli } from '../fixtures/run-cli.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { fixtureFile, fixtureFolder } from '../fixtures/tiny-model.ts';
import { eventually } from '../fixtures/eventually.ts';
import { assertSame, serve } from './serving.ts';

const skip = process.platform === 'linux' ? false : 'limits are set as Linux has them';
const hasPrlimit = () => spawnSync('prlimit', ['--version']).status === 0;
const skipLimits = skip === false && !hasPrlimit() ? 'no prlimit here' : skip;

const FEW_ADDRESSES = 'ulimit -v 2000000';
const skipAddresses = Number(process.versions.node.split('.')[0]) > 20 ? 'this Node reserves fewer' : skip;

// full-disk.test.ts has a disk that is full for real, which needs root.
const DISK_FULL = "trap '' XFSZ; ulimit -f 8192";

test(
  'a disk that takes no more while a model is converted is a fault with the path, and nothing is left',
  { skip },
  async () => {
    const folder = makeTemporaryFolder();
    const args = ['convert', fixtureFolder(), '--outfile', join(folder, 'out.gguf'), '--outtype', 'f32'];
    const { code, stderr } = await runCli(args, { shell: DISK_FULL });
    assert.equal(code, 5, stderr);
    assert.match(stderr, /^error: cannot write \S+out\.gguf: .*file too large.*\nhint: /m);
    assert.deepEqual(readdirSync(folder), []);
    assert.equal((await runCli(args)).code, 0);
  },
);

test('too few addresses are one sentence, and its hint helps', { skip: skipAddresses }, async () => {
  const args = ['health', '--url', 'http://127.0.0.1:9'];
  const { code, stderr } = await runCli(args, { shell: FEW_ADDRESSES });
  assert.equal(code, 5, stderr);
  assert.match(
    stderr,
    /^error: this process may not have the 10 GB of addresses .*\nhint: .*NODE_OPTIONS=\S+\n$/,
  );
  const [, hinted = ''] = /NODE_OPTIONS=(\S+)/.exec(stderr) ?? [];
  const helped = await runCli(args, { shell: FEW_ADDRESSES, env: { NODE_OPTIONS: hinted } });
  assert.deepEqual([helped.code, helped.stderr], [1, '']);
});

// A text of so many tokens needs a lane of its own, the largest memory that is taken after the start.
const LONG_TEXT = 'word '.repeat(20_000);

test(
  'a text for which there is no memory is refused, and the next one is answered',
  { skip: skipLimits },
  async (t) => {
    const server = await serve(t, await fixtureFile('f32'));
    const expected = await server.ask('a');
    for (const pid of workersOf(server.pid)) {
      const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
      const mappedBytes = 1024 * Number(/VmSize:\s+(\d+)/.exec(status)?.[1]);
      execFileSync('prlimit', ['--pid', String(pid), `--as=${String(mappedBytes + 1_000_000)}`]);
    }
    const { status, code } = await server.ask(LONG_TEXT);
    assert.deepEqual([status, code], [500, 'memory_short']);
    await eventually(async () => (await server.ask('a').catch(() => null))?.status === 200);
    assertSame(await server.ask('a'), expected);
  },
);

test(
  'a server without file handles refuses connections and is itself again when it has some',
  { skip },
  async (t) => {
    const server = await serve(t, await fixtureFile('f32'), { shell: 'ulimit -n 80' });
    const expected = await server.ask('a');
    const { port } = new URL(server.url);
    const sockets = Array.from({ length: 120 }, () =>
      connect(Number(port), '127.0.0.1').on('error', () => undefined),
    );
    await Promise.all(sockets.map(settled));
    // A worker cannot be started without handles either.
    for (const pid of workersOf(server.pid)) process.kill(pid, 'SIGKILL');
    await eventually(() => /worker died and is restarted/.test(server.stderr()));
    for (const socket of sockets) socket.destroy();
    await eventually(async () => (await server.ask('a').catch(() => null))?.status === 200);
    assertSame(await server.ask('a'), expected);
  },
);

const settled = (socket: Socket): Promise<unknown> =>
  Promise.race([once(socket, 'connect'), once(socket, 'close')]);
