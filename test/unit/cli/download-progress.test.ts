import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DownloadProgress } from '../../../src/cli/download-progress.ts';

const MB = 1_000_000;

/** Two files of 100 MB, one there already, the other half done after five seconds. */
function halfWay(): DownloadProgress {
  const progress = new DownloadProgress();
  const a = { path: 'a.safetensors', sizeBytes: 100 * MB };
  progress.take(
    {
      kind: 'listed',
      repo: 'o/n',
      commit: 'c',
      fileCount: 2,
      totalBytes: 200 * MB,
      missingBytes: 100 * MB,
    },
    0,
  );
  progress.take(
    { kind: 'file-skipped', path: 'config.json', sizeBytes: 100 * MB, finalPath: 'config.json' },
    0,
  );
  progress.take({ kind: 'file-started', ...a, doneBytes: 0 }, 0);
  progress.take({ kind: 'file-progress', ...a, doneBytes: 50 * MB }, 5_000);
  return progress;
}

test('a line tells bytes, share, rate, time left and files', () => {
  assert.equal(halfWay().renderLine(), '150 MB of 200 MB (75 %), 10 MB/s, 0:05 left, 1 of 2 files');
});

test('what is there at the start counts as done and not for the rate', () => {
  const progress = new DownloadProgress();
  progress.take(
    { kind: 'listed', repo: 'o/n', commit: 'c', fileCount: 1, totalBytes: 200 * MB, missingBytes: 50 * MB },
    0,
  );
  assert.equal(progress.renderLine(), '150 MB of 200 MB (75 %), 0 of 1 files');
});

test('there is a bar for the total and one for each file under way, none wider than the terminal', () => {
  const lines = halfWay().renderBars(80);
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? '', /^█{18}░{6} 150 MB of 200 MB/);
  assert.match(lines[1] ?? '', /^a\.safetensors +█{12}░{12} 50 MB of 100 MB$/);
  for (const columns of [20, 40, 200])
    assert.ok(
      halfWay()
        .renderBars(columns)
        .every((line) => line.length < columns),
    );
});

test('a file that starts again takes its bytes back', () => {
  const progress = halfWay();
  progress.take({ kind: 'file-progress', path: 'a.safetensors', sizeBytes: 100 * MB, doneBytes: 0 }, 6_000);
  assert.equal(progress.doneBytes, 100 * MB);
});

test('the rate is that of the last seconds', () => {
  const progress = halfWay();
  const a = { path: 'a.safetensors', sizeBytes: 100 * MB };
  progress.take({ kind: 'file-progress', ...a, doneBytes: 52 * MB }, 19_000);
  progress.take({ kind: 'file-progress', ...a, doneBytes: 54 * MB }, 20_000);
  progress.take({ kind: 'file-progress', ...a, doneBytes: 74 * MB }, 30_000);
  assert.match(progress.renderLine(), / 2 MB\/s, 0:1[23] left/);
});

test('it is over when every file is there', () => {
  const progress = halfWay();
  assert.equal(progress.isOver, false);
  progress.take({ kind: 'file-verified', path: 'a.safetensors', sizeBytes: 100 * MB, finalPath: 'a' }, 9_000);
  assert.equal(progress.isOver, true);
});
