// Values that readers have choked on before, and the ways to damage bytes: what the targets build their inputs from.
import fc, { type Arbitrary } from 'fast-check';

const HUGE = [
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** Counts, lengths and offsets as 64-bit numbers. */
export const hostileCount: Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: 0n, max: 300n }),
  fc.constantFrom(...HUGE, 65_535n, 65_536n, 100_000_000n, 128n * 2n ** 20n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);

/** A text of any kind: empty, long, with halves of surrogate pairs, NUL, names of Object's own members. */
export const hostileText: Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 40, unit: 'binary' }),
  fc.string({ maxLength: 40 }),
  fc.constantFrom(
    '',
    '\0',
    'a\0b',
    '\ud800',
    'x\udfffy',
    '__proto__',
    'constructor',
    'toString',
    'length',
    '-1',
    'NaN',
  ),
  fc.constantFrom(
    '../../etc/passwd',
    '/etc/passwd',
    '..\\x.safetensors',
    '\u2028',
    '\ufeff',
    'e\u0301'.repeat(50),
  ),
  fc.nat(3000).map((length) => 'a'.repeat(length)),
);

const nested = (depth: number, [open, close]: readonly [string, string], inner: string): string =>
  open.repeat(depth) + inner + close.repeat(depth);

/** One value as JSON text, not all of it valid JSON. */
export const hostileJson: Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'null',
      'true',
      'false',
      '0',
      '-0',
      '-1',
      '1',
      '0.5',
      '[]',
      '{}',
      '""',
      '[[]]',
      '[null]',
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '1e999',
      '-1e999',
      '1e308',
      '1e-400',
      'NaN',
      'Infinity',
      '[NaN]',
      '01',
      '+1',
      '1.',
      "'a'",
    ),
  },
  { weight: 2, arbitrary: hostileCount.map(String) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '"\\ud800"',
      '"\\u0000"',
      '"\\"',
      '"\\x"',
      '"a',
      '{"__proto__":{"a":1}}',
      '{"toString":1}',
      '[{"valueOf":null}]',
    ),
  },
  { weight: 3, arbitrary: hostileText.map((text) => JSON.stringify(text)) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom(2, 50, 199, 201, 3000, 20_000),
        fc.constantFrom(['[', ']'] as const, ['{"a":', '}'] as const),
        fc.constantFrom('', '0', '"'),
      )
      .map(([depth, brackets, inner]) => nested(depth, brackets, inner)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(5000), fc.constantFrom('0', '"a"', 'null', '[]'))
      .map(([count, item]) => `[${Array(count).fill(item).join()}]`),
  },
);

interface Damage {
  kind: 'cut' | 'set' | 'insert' | 'remove' | 'copy' | 'count';
  /** Places, as numbers to take modulo the length. */
  at: number;
  to: number;
  bytes: Uint8Array;
  count: bigint;
}

const damage: Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom('cut', 'set', 'insert', 'remove', 'copy', 'count'),
  at: fc.nat(),
  to: fc.nat(),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
  count: hostileCount,
});

/** Bytes with one to three damages; those from `whole` unharmed once in a while. */
export function damaged(whole: Arbitrary<Buffer>): Arbitrary<Buffer> {
  const damages = fc.oneof(
    { weight: 9, arbitrary: fc.array(damage, { minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constant([]) },
  );
  return fc.tuple(whole, damages).map(([bytes, list]) => list.reduce(inflict, bytes));
}

function inflict(whole: Buffer, { kind, at: place, to, bytes, count }: Damage): Buffer {
  const at = place % (whole.length + 1);
  switch (kind) {
    case 'cut':
      return whole.subarray(0, at);
    case 'insert':
      return Buffer.concat([whole.subarray(0, at), bytes, whole.subarray(at)]);
    case 'remove':
      return Buffer.concat([whole.subarray(0, at), whole.subarray(at + (to % 40))]);
    case 'copy':
      return Buffer.concat([whole, whole.subarray(at, at + (to % 200))]);
    case 'set':
      return overwrite(whole, at, Buffer.from(bytes));
    case 'count': {
      const number = Buffer.alloc(8);
      number.writeBigUInt64LE(count);
      return overwrite(whole, at, number);
    }
  }
}

function overwrite(whole: Buffer, at: number, bytes: Buffer): Buffer {
  const changed = Buffer.from(whole);
  bytes.copy(changed, at);
  return changed;
}

/** Bytes of no format, some behind a beginning that promises one. */
export const rawBytes = (...beginnings: string[]): Arbitrary<Buffer> =>
  fc
    .tuple(fc.constantFrom('', ...beginnings), fc.uint8Array({ maxLength: 300 }))
    .map(([beginning, bytes]) => Buffer.concat([Buffer.from(beginning, 'latin1'), bytes]));
