// A model in one file from a hub that breaks off and sends wrong bytes: converted while it comes, right in the end.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { convert } from '../../../src/convert/convert.ts';
import type { ObtainedModel } from '../../../src/models/obtain-model.ts';
import type { Misbehaviour } from '../../fixtures/hub-content.ts';
import type { HubServer } from '../../fixtures/hub-server.ts';
import { listSmallTensors, makeSmallModel, renderSafetensors, SMALL_SHAPE } from '../convert/small-model.ts';
import { openTestHub, REPO } from '../download/open-test-hub.ts';
import { obtainQuietly } from './obtain-quietly.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

// Three matrices of 8 MB: threads report every 4 MB.
const SHAPE = { ...SMALL_SHAPE, ffn: 1 << 17 };
const WEIGHTS = 'model.safetensors';

/** 2^126 in BF16, whose next bit makes it no number. */
const NEARLY_NAN = Buffer.from([0x81, 0x7e]);

function makeModel(): { folder: string; nearlyNanAt: number } {
  const tensors = listSmallTensors(SHAPE).map(([name, shape]) => {
    const elements = shape.reduce((product, length) => product * length, 1);
    const bytes = Buffer.alloc(2 * elements, Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
    if (name.endsWith('gate_proj.weight')) NEARLY_NAN.copy(bytes, 1 << 20);
    return { name, dtype: 'BF16', shape, bytes };
  });
  const content = renderSafetensors(tensors);
  return {
    folder: makeSmallModel({ [WEIGHTS]: content }, { shape: SHAPE }),
    nearlyNanAt: content.indexOf(NEARLY_NAN) + 1,
  };
}

interface Scene {
  server: HubServer;
  nearlyNanAt: number;
  /** What comes of a launch that names the repository. */
  obtain: (onProgress?: () => void) => Promise<ObtainedModel>;
  converted: () => string[];
  assertRight: (file: string) => Promise<void>;
}

async function openScene(t: TestContext): Promise<Scene> {
  const { folder, nearlyNanAt } = makeModel();
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.\w+$/.test(name),
  );
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))]));
  const { server, hub } = await openTestHub(t, { repos: { [REPO]: { files } } });
  const cacheFolder = makeTemporaryFolder();
  return {
    server,
    nearlyNanAt,
    obtain: (onProgress = () => undefined) =>
      obtainQuietly({ hubSettings: hub.settings, cacheFolder }, { onProgress, onWarning: () => undefined }),
    converted: () =>
      readdirSync(cacheFolder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.gguf/.test(name)),
    assertRight: async (file) => {
      const outfile = join(makeTemporaryFolder(), 'whole.gguf');
      const folderName = REPO.replace(/^.*\//, '');
      await convert({ modelFolder: folder, folderName, outfile, outtype: 'bf16' });
      assert.ok(readFileSync(file).equals(readFileSync(outfile)));
    },
  };
}

/** Of the answers that bring the weights, not their header: the first, and those that go on from where it ended. */
function misbehaveOnWeights(server: HubServer, first: Misbehaviour, later: Misbehaviour | null = null): void {
  server.misbehave = ({ kind, path, headers }) => {
    if (kind !== 'store' || path !== WEIGHTS) return null;
    if (headers.range === undefined) return server.requests.filter(isWhole).length === 1 ? first : null;
    return Number(/\d+/.exec(headers.range)?.[0]) > 1e6 ? later : null;
  };
}

const isWhole = ({ kind, path, headers }: HubServer['requests'][number]): boolean =>
  kind === 'store' && path === WEIGHTS && headers.range === undefined;

test('numbers are converted while their file comes; the result has no name before the file is verified', async (t) => {
  const { server, obtain, converted, assertRight } = await openScene(t);
  let release: (value: unknown) => void = () => undefined;
  const until = new Promise((resolve) => (release = resolve));
  misbehaveOnWeights(server, { kind: 'cut', afterBytes: 20e6 }, { kind: 'hold', until });
  let obtaining: Promise<ObtainedModel> | undefined;
  await new Promise<void>((progressed, failed) => {
    obtaining = obtain(progressed);
    obtaining.catch(failed);
  });
  assert.deepEqual(
    converted().filter((name) => name.endsWith('.gguf')),
    [],
  );
  release(null);
  const { file } = (await obtaining) ?? assert.fail();
  await assertRight(file);
});

for (const [title, at] of [
  ['a wrong byte', () => 12_345_678],
  ['a wrong byte that makes a weight no number', ({ nearlyNanAt }: Scene) => nearlyNanAt],
] as const)
  test(`what was converted of ${title} is converted anew`, async (t) => {
    const scene = await openScene(t);
    misbehaveOnWeights(scene.server, { kind: 'wrong-byte', at: at(scene) });
    const { file } = await scene.obtain();
    assert.equal(scene.server.requests.filter(isWhole).length, 2);
    await scene.assertRight(file);
    assert.equal(scene.converted().length, 1);
    assert.ok(existsSync(file));
  });
