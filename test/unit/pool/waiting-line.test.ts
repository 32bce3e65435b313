import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WaitingLine } from '../../../src/pool/waiting-line.ts';

const item = (name: string, priority: number) => ({ name, priority });

function drain(line: WaitingLine<{ name: string; priority: number }>): string {
  const names: string[] = [];
  for (let first = line.first; first !== undefined; first = line.first) {
    names.push(first.name);
    line.delete(first);
  }
  assert.equal(line.size, 0);
  return names.join(' ');
}

test('the highest priority goes first, and who came first within one', () => {
  const line = new WaitingLine<{ name: string; priority: number }>();
  for (const each of [item('a', 0), item('b', -5), item('c', 7), item('d', 0), item('e', 7)]) line.add(each);
  assert.equal(drain(line), 'c e a d b');
});

test('who is put back goes before those of its priority and after those of a higher one', () => {
  const line = new WaitingLine<{ name: string; priority: number }>();
  line.add(item('a', 0));
  line.add(item('b', 1));
  line.putBack([item('x', 0), item('y', 0)]);
  assert.equal(drain(line), 'b x y a');
});

test('the last is the newest of the lowest priority', () => {
  const line = new WaitingLine<{ name: string; priority: number }>();
  for (const each of [item('a', 0), item('b', -5), item('c', -5), item('d', 7)]) line.add(each);
  assert.equal(line.last?.name, 'c');
  line.takeAll();
  assert.equal(line.last, undefined);
});

test('who has left is not counted twice', () => {
  const line = new WaitingLine<{ name: string; priority: number }>();
  const gone = item('a', 0);
  line.add(gone);
  line.delete(gone);
  line.delete(gone);
  assert.deepEqual([line.size, line.first], [0, undefined]);
});
