import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ForwardShape } from '../../../../src/engine/graph/blocks.ts';
import type { Device } from '../../../../src/engine/graph/device.ts';
import type { Forward } from '../../../../src/engine/graph/forward.ts';
import { KeptForwards } from '../../../../src/engine/graph/kept-forwards.ts';
import type { SketchMemory } from '../../../../src/engine/graph/sketch.ts';

const shapeOf = (length: number): ForwardShape => ({
  blocks: [{ texts: 1, tokens: length, length, before: 0, kvLength: length }],
  keeps: 'slots',
  outputRows: 1,
});

/** Graphs that are only counted: how many were built and are open, and where each lies. */
function openFake() {
  const fake = { built: 0, open: 0, allocated: 64, hasMemory: true, places: [] as SketchMemory[] };
  const memory = { version: 0 };
  const ggml = {
    openAllocator: () => 1n,
    freeAllocator: () => undefined,
    allocateGraph: () => fake.hasMemory,
    allocatedBytes: () => fake.allocated,
  };
  const forwards = new KeptForwards({
    device: { ggml, bufferType: 0n } as unknown as Device,
    memory,
    build: (shape, place) => {
      fake.built++;
      fake.open++;
      fake.places.push(place);
      const sketch = { graph: 2n, close: () => fake.open-- };
      return { shape, sketch } as unknown as Forward;
    },
    shortage: () => new Error('short'),
  });
  const take = (...lengths: number[]) => lengths.map((length) => forwards.take(shapeOf(length)));
  return { fake, memory, forwards, take };
}

test('a shape that comes back has the graph that it had', () => {
  const { fake, take } = openFake();
  const [first, , again] = take(5, 6, 5);
  assert.equal(again, first);
  assert.equal(fake.built, 2);
});

test('the graph not used for longest makes room, and the new one lies where it lay', () => {
  const { fake, take } = openFake();
  const lengths = Array.from({ length: 8 }, (_, i) => i + 1);
  take(...lengths, 1, 9);
  assert.equal(fake.open, 8);
  assert.equal(fake.places[8], fake.places[1]);
  take(1, 3, 9);
  assert.equal(fake.built, 9);
  take(2);
  assert.equal(fake.built, 10);
});

test('of batches the last one is kept, in one place, and texts alone keep theirs beside it', () => {
  const { fake, forwards, take } = openFake();
  const batchOf = (texts: number): ForwardShape => ({
    blocks: [{ texts, tokens: 5 * texts, length: 5, before: 0, kvLength: 5 }],
    keeps: 'slots',
    outputRows: 1,
  });
  take(5);
  forwards.take(batchOf(2));
  forwards.take(batchOf(2));
  forwards.take(batchOf(3));
  take(5);
  assert.equal(fake.built, 3);
  assert.equal(fake.open, 2);
  assert.equal(fake.places[1], fake.places[2]);
});

test('graphs are built anew where the memory that they point to has moved', () => {
  const { fake, memory, take } = openFake();
  take(1, 2);
  memory.version++;
  take(1);
  assert.equal(fake.built, 3);
  fake.allocated = 128;
  take(1, 2);
  assert.equal(fake.built, 5);
  assert.equal(fake.open, 2);
  assert.equal(fake.places[4], fake.places[1]);
});

test('a graph that gets no memory is closed and not kept', () => {
  const { fake, take } = openFake();
  fake.hasMemory = false;
  assert.throws(() => take(1), /short/);
  assert.equal(fake.open, 0);
  fake.hasMemory = true;
  take(1);
  assert.equal(fake.open, 1);
});

test('closing frees every graph', () => {
  const { fake, forwards, take } = openFake();
  take(1, 2, 3);
  forwards.close();
  assert.equal(fake.open, 0);
});
