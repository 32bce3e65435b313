import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DownloadNews } from '../../../src/cli/download-news.ts';

test('a host that asks eight files to wait is named once for each wait', () => {
  const news = new DownloadNews('Qwen/A');
  const wait = { kind: 'waiting', reason: 'rate-limit', host: 'huggingface.co', waitMs: 3_000 } as const;
  const told = [0, 1, 2_999, 3_000, 3_001].map((nowMs) => news.tell({ ...wait, path: String(nowMs) }, nowMs));
  const line = 'huggingface.co asks to wait 0:03';
  assert.deepEqual(told, [line, null, null, line, null]);
});

test('one file is not called files, and no wait is not 0:00', () => {
  const news = new DownloadNews('Qwen/A');
  const listed = {
    kind: 'listed',
    repo: 'Qwen/A',
    commit: 'c'.repeat(40),
    totalBytes: 16e6,
    missingBytes: 0,
  } as const;
  assert.equal(
    news.tell({ ...listed, fileCount: 1 }, 0),
    'Qwen/A: 1 file, 16 MB, 0 B to fetch (commit cccccccccccc)',
  );
  const retried = { kind: 'file-retried', path: 'a.bin', problem: 'its digest is wrong', waitMs: 0 } as const;
  assert.equal(news.tell(retried, 0), 'a.bin: its digest is wrong; again at once');
});
