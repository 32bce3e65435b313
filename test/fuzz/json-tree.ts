// JSON that can be wrong on purpose: a tree in which a key may come twice and any value may be a piece of raw text, and
// the edits that make hostile documents of valid ones.
import fc, { type Arbitrary } from 'fast-check';
import { hostileJson, hostileText } from './hostile.ts';

type Tree =
  | { kind: 'object'; entries: [string, Tree][] }
  | { kind: 'array'; items: Tree[] }
  | { kind: 'raw'; text: string };

interface Edit {
  kind: 'replace' | 'remove' | 'double' | 'rename' | 'repeat';
  /** Which value, counted through the tree, modulo how many there are. */
  at: number;
  text: string;
  key: string;
  times: number;
}

const edit: Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'double', 'rename', 'repeat'),
  at: fc.nat(),
  text: hostileJson,
  key: hostileText,
  times: fc.nat(40),
});

const LONGEST = 1_000_000;

/** The document as text, after none to four edits. */
export function editedJson(valid: unknown): Arbitrary<string> {
  const count = fc.constantFrom(0, 1, 1, 1, 1, 1, 2, 3, 4);
  return count.chain((length) =>
    fc.array(edit, { minLength: length, maxLength: length }).map((edits) => {
      let tree = treeOf(valid);
      for (const one of edits) tree = apply(tree, one);
      // Edits repeat what edits have made long.
      return render(tree).slice(0, LONGEST);
    }),
  );
}

function treeOf(value: unknown): Tree {
  if (Array.isArray(value)) return { kind: 'array', items: value.map(treeOf) };
  if (typeof value !== 'object' || value === null) return { kind: 'raw', text: JSON.stringify(value) };
  return { kind: 'object', entries: Object.entries(value).map(([key, inner]) => [key, treeOf(inner)]) };
}

interface Slot {
  parent: Exclude<Tree, { kind: 'raw' }>;
  index: number;
}

function listSlots(tree: Tree, slots: Slot[] = []): Slot[] {
  if (tree.kind === 'raw') return slots;
  const children = tree.kind === 'array' ? tree.items : tree.entries.map(([, child]) => child);
  for (const [index, child] of children.entries()) {
    slots.push({ parent: tree, index });
    listSlots(child, slots);
  }
  return slots;
}

function apply(tree: Tree, { kind, at, text, key, times }: Edit): Tree {
  const raw: Tree = { kind: 'raw', text };
  const slots = listSlots(tree);
  // One place more than there are values: the whole.
  const slot = slots[at % (slots.length + 1)];
  if (slot === undefined) return raw;
  const { parent, index } = slot;
  const list: unknown[] = parent.kind === 'array' ? parent.items : parent.entries;
  if (kind === 'remove') list.splice(index, 1);
  else if (kind === 'repeat') list.splice(index, 0, ...Array<unknown>(times).fill(list[index]));
  else if (parent.kind === 'array') parent.items[index] = raw;
  else {
    const [name, child] = parent.entries[index] ?? ['', raw];
    if (kind === 'rename') parent.entries[index] = [key, child];
    else if (kind === 'double') parent.entries.push([name, raw]);
    else parent.entries[index] = [name, raw];
  }
  return tree;
}

function render(tree: Tree): string {
  if (tree.kind === 'raw') return tree.text;
  return tree.kind === 'array'
    ? `[${tree.items.map(render).join()}]`
    : `{${tree.entries.map(([key, child]) => `${JSON.stringify(key)}:${render(child)}`).join()}}`;
}
