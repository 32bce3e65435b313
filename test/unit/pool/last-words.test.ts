import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { LastWords } from '../../../src/pool/last-words.ts';

test('of a flood the last forty lines are kept, and of a line its first 500 characters', async () => {
  const heard: string[] = [];
  const words = new LastWords((line) => heard.push(line));
  const stream = new PassThrough();
  words.listen(stream);
  for (let i = 0; i < 100; i++) stream.write(`line ${String(i)}\n`);
  stream.end('x'.repeat(1_000_000));
  await once(stream, 'end');
  assert.equal(heard.length, 101);
  assert.deepEqual(
    [words.lines.length, words.lines[0], words.lines.at(-1)],
    [40, 'line 61', 'x'.repeat(500)],
  );
});

test('the reason of a death is found before the stack traces that follow it', async () => {
  const words = new LastWords(() => undefined);
  const stream = new PassThrough();
  words.listen(stream);
  stream.end(
    [
      'ggml-cuda.cu:98: CUDA error',
      'CUDA error: the provided PTX was compiled with an unsupported toolchain.',
      '/opt/x/libggml-base.so(+0x1a2b3) [0x7f00]',
      '/opt/x/libggml-cuda.so(ggml_cuda_error+0x10) [0x7f01]',
      '[New LWP 12]',
      '#1  0x00007f in wait4 () from /lib/libc.so.6',
      '----- Native stack trace -----',
      ' 1: 0xf3 node::Abort() [node]',
      '    at main (file:///x.js:1:2)',
    ].join('\n'),
  );
  await once(stream, 'end');
  assert.deepEqual(words.sentences(3), [
    'ggml-cuda.cu:98: CUDA error',
    'CUDA error: the provided PTX was compiled with an unsupported toolchain.',
  ]);
});
