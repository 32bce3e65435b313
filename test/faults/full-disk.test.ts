// A disk that is full for real: a small file system in memory, which another program fills while this one
// writes. Only root may make one.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { convert } from '../../src/convert/convert.ts';
import { makeTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { fixtureFile, fixtureFolder } from '../fixtures/tiny-model.ts';
import { fetchRepo, readAll } from '../unit/download/fetch-repo.ts';
import { openTestHub, REPO } from '../unit/download/open-test-hub.ts';

const MEGABYTE = 1_048_576;

const mount = (folder: string, sizeBytes: number) =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${String(sizeBytes)}`, 'tmpfs', folder]);
const unmount = (folder: string) => spawnSync('umount', ['-l', folder]);

function whyNoDisk(): string | false {
  const folder = makeTemporaryFolder();
  const { status, stderr } = mount(folder, MEGABYTE);
  if (status !== 0) return `no file system can be mounted: ${String(stderr).trim()}`;
  unmount(folder);
  return false;
}

const skip = process.platform === 'linux' ? whyNoDisk() : 'file systems are mounted as Linux does';

/** `fill`: another program takes three megabytes, once. */
function makeSmallDisk(t: TestContext, sizeBytes: number) {
  const folder = makeTemporaryFolder();
  assert.equal(mount(folder, sizeBytes).status, 0);
  t.after(() => unmount(folder));
  const filler = join(folder, 'of another program');
  const fill = (): void => {
    if (!existsSync(filler)) writeFileSync(filler, Buffer.alloc(3 * MEGABYTE));
  };
  const empty = (): void => {
    rmSync(filler);
  };
  return { folder, fill, empty };
}

test(
  'a disk that fills up while a model is converted is a fault with the path, and nothing is left',
  { skip },
  async (t) => {
    const needed = (await stat(await fixtureFile('f32'))).size;
    const { folder, fill, empty } = makeSmallDisk(t, needed + 2 * MEGABYTE);
    const outfile = join(folder, 'out.gguf');
    const options = { modelFolder: fixtureFolder(), outfile, outtype: 'f32' as const, workers: 1 };
    await assert.rejects(convert({ ...options, onProgress: fill }), {
      code: 'DISK_FULL',
      exitCode: 5,
      message: new RegExp(`^the disk of ${outfile} is full: no more could be written`),
    });
    assert.deepEqual(readdirSync(folder), ['of another program']);
    empty();
    assert.equal((await convert(options)).outfile, outfile);
  },
);

test(
  'a disk that fills up while a file comes is a fault, and what has come is not fetched again',
  { skip },
  async (t) => {
    const { folder, fill, empty } = makeSmallDisk(t, 10 * MEGABYTE);
    const weights = 'weights '.repeat(1_000_000);
    const files = { 'config.json': '{}', 'model.safetensors': weights };
    const { open } = await openTestHub(t, { repos: { [REPO]: { files } } });
    const hub = await open({ env: { HF_HOME: folder } });
    const report = ({ kind }: { kind: string }): void => {
      if (kind === 'file-progress') fill();
    };
    await assert.rejects(fetchRepo(hub, { report }), { code: 'DISK_FULL', exitCode: 5 });
    empty();
    const { snapshot, events } = await fetchRepo(hub);
    assert.deepEqual(readAll(snapshot), files);
    const started = events.find(
      (event) => event.kind === 'file-started' && event.path === 'model.safetensors',
    );
    assert.ok(started?.kind === 'file-started' && started.doneBytes > 0);
  },
);
