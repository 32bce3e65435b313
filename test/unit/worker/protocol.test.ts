import assert from 'node:assert/strict';
import test from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { EmbedInput, LongText } from '../../../src/embedder.ts';
import { Fault } from '../../../src/faults.ts';
import {
  decodeEmbedRequest,
  decodeEmbedResponse,
  decodeFault,
  decodeReady,
  encodeEmbedRequest,
  encodeEmbedResponse,
  encodeReady,
  faultFromPeer,
  PROTOCOL_VERSION,
} from '../../../src/worker/protocol.ts';
import { decodeWhole, encodeWhole } from '../../fixtures/whole-request.ts';

const text = fc.string({ unit: 'binary' });
const tokenIds = fc.array(fc.integer({ min: 0, max: 0x7fff_ffff }));
const plain = { noNullPrototype: true } as const;
const input: fc.Arbitrary<EmbedInput> = fc.oneof(text, tokenIds);
const dimensions = fc.option(fc.integer({ min: 1, max: 0xffff_ffff }));
const tokens = fc.option(fc.integer({ min: 2, max: 0xffff_ffff }));
const side = fc.constantFrom('left' as const, 'right' as const);
const longText: fc.Arbitrary<LongText> = fc.oneof(
  fc.record({ way: fc.constant('cut' as const), tokens, side }, plain),
  fc.record({ way: fc.constant('mean' as const), tokens, overlap: fc.nat(1) }, plain),
);
const request = fc.record(
  {
    inputs: fc.array(input),
    dimensions,
    longText: fc.option(longText),
    priority: fc.integer(),
    requestId: fc.option(fc.string({ unit: 'binary', minLength: 1 })),
  },
  plain,
);

const embeddings = fc.tuple(fc.nat(9), fc.integer({ min: 1, max: 33 })).chain(([count, width]) => {
  const values = count * width;
  return fc.record(
    {
      dimensions: fc.constant(width),
      tokenCounts: fc.uint32Array({ minLength: count, maxLength: count }),
      vectors: fc.float32Array({ minLength: values, maxLength: values }),
      cutCount: fc.nat(count),
    },
    plain,
  );
});

const BARE = { dimensions: null, longText: null, priority: 0, requestId: null };

const bytesOf = (chunks: readonly Buffer[]): ArrayBuffer => Uint8Array.from(Buffer.concat(chunks)).buffer;

/** Runs a decoder on what nobody sent; only a value or the fault WIRE_MALFORMED may come of it. */
function survives(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, 'WIRE_MALFORMED');
  }
}

function isMalformed(decode: () => unknown, problem: RegExp): void {
  assert.throws(decode, { code: 'WIRE_MALFORMED', message: problem });
}

test('every request comes back from its bytes', () => {
  fc.assert(
    fc.property(request, (sent) => {
      assert.deepEqual(decodeWhole(encodeWhole(sent)), sent);
    }),
  );
});

test('every response comes back from its bytes, NaN and -0 included', () => {
  fc.assert(
    fc.property(embeddings, (sent) => {
      assert.deepEqual(decodeEmbedResponse(bytesOf(encodeEmbedResponse(sent))), sent);
    }),
  );
});

test('a response is read in place and written without copying the vectors', () => {
  const vectors = Float32Array.of(9, 1, 2).subarray(1);
  const [head, body] = encodeEmbedResponse({
    vectors,
    dimensions: 2,
    tokenCounts: Uint32Array.of(3),
    cutCount: 0,
  });
  assert.equal(body.buffer, vectors.buffer);
  const bytes = bytesOf([head, body]);
  assert.equal(decodeEmbedResponse(bytes).vectors.buffer, bytes);
});

test('token counts that are part of a longer array are sent as they are', () => {
  const tokenCounts = Uint32Array.of(7, 8, 9).subarray(1, 2);
  const chunks = encodeEmbedResponse({
    vectors: Float32Array.of(1),
    dimensions: 1,
    tokenCounts,
    cutCount: 0,
  });
  assert.deepEqual([...decodeEmbedResponse(bytesOf(chunks)).tokenCounts], [8]);
});

test('half a surrogate pair becomes the replacement character', () => {
  const sent = { inputs: ['a\ud800b'], ...BARE };
  assert.deepEqual(decodeWhole(encodeWhole(sent)).inputs, ['a\ufffdb']);
});

test('bytes that nobody sent are refused, not believed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      survives(() => decodeWhole(Buffer.from(bytes)));
      survives(() => decodeEmbedResponse(Uint8Array.from(bytes).buffer));
    }),
  );
});

test('a message with any byte changed, cut or added is refused or still well formed', () => {
  const damage = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat(40) });
  fc.assert(
    fc.property(request, embeddings, damage, (sentRequest, sentResponse, { at, byte, cut }) => {
      for (const whole of [encodeWhole(sentRequest), Buffer.concat(encodeEmbedResponse(sentResponse))]) {
        const bytes = Buffer.from(whole);
        bytes[at % bytes.length] = byte;
        survives(() => decodeWhole(bytes));
        survives(() => decodeEmbedResponse(Uint8Array.from(bytes).buffer));
        isMalformed(() => decodeWhole(Buffer.concat([whole, Buffer.alloc(1)])), /./);
        if (cut > 0) survives(() => decodeWhole(whole.subarray(0, Math.max(0, whole.length - cut))));
      }
    }),
  );
});

// Of ['ab', [1]] without a name: the way with long texts at 16, the priority at 28, the name's size at 32, entries at 36
// and 40, the text at 44, the token id at 46.
for (const [problem, damage] of [
  [/does not open with its mark$/, (bytes) => bytes.write('QEr')],
  [
    new RegExp(`it speaks version 1, this side ${String(PROTOCOL_VERSION)}$`),
    (bytes) => bytes.writeUInt8(1, 3),
  ],
  [/a request with inputs that were cut$/, (bytes) => bytes.writeUInt8(1, 12)],
  [/way 4 with long texts is unknown$/, (bytes) => bytes.writeUInt8(4, 16)],
  [/chunks of 1 tokens with 0 of the one before$/, (bytes) => bytes.writeUInt8(1, 20)],
  [/an overlap without chunks$/, (bytes) => bytes.writeUInt8(1, 24)],
  [/it ends before 4294967295 entries$/, (bytes) => bytes.writeUInt32LE(0xffff_ffff, 4)],
  [/input 0 ends behind the message$/, (bytes) => bytes.writeUInt32LE(99, 36)],
  [/the id ends behind the message$/, (bytes) => bytes.writeUInt32LE(99, 32)],
  [/4 bytes are left over$/, (bytes) => bytes.writeUInt32LE(0x8000_0000, 40)],
  [/a text is not UTF-8$/, (bytes) => bytes.writeUInt8(0xff, 44)],
  [/token ids are not whole$/, (bytes) => bytes.writeUInt32LE(0x8000_0002, 36)],
  [/a token id is negative$/, (bytes) => bytes.writeInt32LE(-1, 46)],
] as [RegExp, (bytes: Buffer) => number][]) {
  test(`a damaged request is refused: ${problem.source}`, () => {
    const bytes = encodeWhole({ inputs: ['ab', [1]], ...BARE });
    damage(bytes);
    isMalformed(() => decodeWhole(bytes), problem);
  });
}

test('a message shorter than its header is refused', () => {
  isMalformed(() => decodeWhole(Buffer.alloc(15)), /15 bytes, a header has 16$/);
});

test('numbers that cannot be token ids are refused before they are sent', () => {
  for (const id of [1.5, -1, NaN, 2 ** 31]) {
    assert.throws(() => encodeWhole({ inputs: ['a', [0, id]], ...BARE }), {
      code: 'INVALID_REQUEST',
      message: `input 1 has ${String(id)}, which is no token id`,
    });
  }
});

test('an embedder that returns the wrong number of values is found out in the worker', () => {
  const wrong = {
    vectors: new Float32Array(3),
    dimensions: 2,
    tokenCounts: new Uint32Array(2),
    cutCount: 0,
  };
  isMalformed(() => encodeEmbedResponse(wrong), /3 values for 2 vectors of 2$/);
});

test('a fault crosses with its code, parameters, sentence and stack', () => {
  const sent = new Fault('INPUT_TOO_LONG', { index: 3, tokens: 9, limit: 5 });
  const got = decodeFault(JSON.stringify(sent.toWire()));
  assert.deepEqual(
    [got.code, got.params, got.message, got.stack],
    [sent.code, sent.params, sent.message, sent.stack],
  );
});

test('what is no fault becomes one', () => {
  for (const value of ['', 'null', '[]', '"x"', '{"code":"BUG"}', '{"code":"BUG","params":null}']) {
    survives(() => {
      throw decodeFault(value);
    });
  }
  assert.equal(decodeFault('{"code":"__proto__","params":{}}').code, 'BUG');
});

const model = {
  dimensions: 1024,
  contextTokens: 32768,
  vocabularySize: 151669,
  layers: 28,
  weightsType: 'BF16',
};

test('readiness brings the model and nothing else', () => {
  assert.deepEqual(decodeReady(encodeReady(model)), model);
  isMalformed(() => decodeReady('<html>'), /it is not JSON$/);
  isMalformed(
    () => decodeReady(JSON.stringify({ protocol: PROTOCOL_VERSION })),
    /readiness without a model$/,
  );
  const isOld = new RegExp(`version 1, this side ${String(PROTOCOL_VERSION)}$`);
  isMalformed(() => decodeReady(JSON.stringify({ protocol: 1, model })), isOld);
  for (const dimensions of [0, -1, 1.5, '1024', null]) {
    const body = JSON.stringify({ protocol: PROTOCOL_VERSION, model: { ...model, dimensions } });
    isMalformed(() => decodeReady(body), /dimensions is /);
  }
});

test('any JSON value as a fault of the other side gives a fault', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.ok(faultFromPeer(value) instanceof Fault);
      survives(() => decodeReady(JSON.stringify(value)));
    }),
  );
});

for (const [what, inputs] of Object.entries({
  'many texts': Array.from({ length: 2048 }, () => 'é'.repeat(3000)),
  'one text': ['é'.repeat(6_000_000)],
  'one text of characters in two halves': ['x' + '😀'.repeat(3_000_000)],
  'token ids': [Array.from({ length: 3_000_000 }, (_, id) => id)],
}))
  test(`12 MB are written and read in steps, so that nobody waits for all of it: ${what}`, () => {
    const sent = { inputs, ...BARE };
    const written = [...encodeEmbedRequest(sent)].length;
    const bytes = encodeWhole(sent);
    const read = [...decodeEmbedRequest(bytes)].length;
    assert.ok(written >= 5 && read >= 5, `${String(written)} and ${String(read)} steps`);
    assert.ok(decodeWhole(bytes).inputs.every((input, index) => isDeepStrictEqual(input, inputs[index])));
  });
