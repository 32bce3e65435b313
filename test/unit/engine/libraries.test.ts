import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLibraries, packagesFor, pickLibraries } from '../../../src/engine/libraries.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

// File names as the packages of node-llama-cpp 3.21.1 and 3.22.1 hold them, and those of a plain local build.
const FOLDERS = {
  'linux-x64': [
    'libggml-base.so',
    'libggml-cpu-zen4.so',
    'libggml.v0.5.0.so',
    'libllama-common.so',
    'libllama.v0.5.0.so',
  ],
  'linux-x64-cuda': [
    'libggml-base.so',
    'libggml-cuda.so',
    'libggml.cuda.v0.5.0.so',
    'libllama.cuda.v0.5.0.so',
  ],
  'mac-arm64-metal': [
    'libggml-base.dylib',
    'libggml-metal.so',
    'libggml.metal.v0.4.0.dylib',
    'libllama.metal.v0.4.0.dylib',
  ],
  'win-x64': ['ggml-base.dll', 'ggml-cpu-x64.dll', 'ggml.v0.4.0.dll', 'llama-common.dll', 'llama.v0.4.0.dll'],
  'local build': ['libggml-base.so', 'libggml-cpu.so', 'libggml.so', 'libllama.so', 'llama-server'],
};

for (const [folder, names] of Object.entries(FOLDERS)) {
  test(`the three libraries are found among the files of ${folder}`, () => {
    const picked = pickLibraries(names);
    assert.ok(typeof picked === 'object');
    assert.match(picked.ggmlBase, /ggml-base\./);
    assert.match(picked.ggml, /^(lib)?ggml\./);
    assert.match(picked.llama, /^(lib)?llama\./);
  });
}

test('a folder without libllama is told by the name of what it lacks', () => {
  assert.equal(pickLibraries(['libggml-base.so', 'libggml.so']), 'llama');
});

test('every platform that node-llama-cpp ships for has a package that needs no GPU, or Metal', () => {
  const platforms = [
    ['linux', 'x64'], ['linux', 'arm64'], ['linux', 'arm'], ['linux', 'riscv64'],
    ['darwin', 'arm64'], ['darwin', 'x64'], ['win32', 'x64'], ['win32', 'arm64'],
  ] as const; // prettier-ignore
  for (const [platform, arch] of platforms)
    assert.ok(packagesFor(platform, arch).some(([backend]) => backend === 'cpu' || backend === 'metal'));
});

test('an empty folder of libraries is refused in one sentence', () => {
  const folder = makeTemporaryFolder();
  assert.throws(() => findLibraries('cpu', folder), {
    code: 'NATIVE_MISSING',
    message: /holds no ggml-base library$/,
  });
});
