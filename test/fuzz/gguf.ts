// Fuzzed .gguf files, as the engine and the plan read them: a valid header with fields that lie, damaged bytes, none of
// the format. What passes is also asked for the texts in it, which are decoded later than they are read.
import { join } from 'node:path';
import fc, { type Arbitrary } from 'fast-check';
import { TENSOR_TYPES, VALUE_TYPES, type GgufHeader } from '../../src/convert/gguf.ts';
import { readGgufHeader } from '../../src/convert/gguf-read.ts';
import { planConversion } from '../../src/convert/plan.ts';
import { checkModelHeader } from '../../src/engine/model-file.ts';
import { makeSmallModel } from '../unit/convert/small-model.ts';
import { damaged, hostileCount, rawBytes } from './hostile.ts';
import { asFile, writeInput } from './safetensors.ts';
import { endOf, makeTarget, type OpenTarget } from './target.ts';
import { decodeStrings } from '../fixtures/decode-strings.ts';

interface Field {
  at: number;
  sizeBytes: 4 | 8;
}

/** Where the numbers are that say how much follows: the counts, and the length of each text and list. */
function listFields(bytes: Buffer, header: GgufHeader): Field[] {
  const fields: Field[] = [
    { at: 4, sizeBytes: 4 },
    { at: 8, sizeBytes: 8 },
    { at: 16, sizeBytes: 8 },
  ];
  let at = 24;
  const text = (): void => {
    fields.push({ at, sizeBytes: 8 });
    at += 8 + bytes.readUInt32LE(at);
  };
  for (const { type, value } of header.metadata.values()) {
    text();
    fields.push({ at, sizeBytes: 4 });
    at += 4;
    if (type === 'string') text();
    else if (type === 'array') {
      fields.push({ at, sizeBytes: 4 }, { at: at + 4, sizeBytes: 8 });
      at += 12 + value.bytes.length;
    } else at += VALUE_TYPES[type].sizeBytes;
  }
  for (const { shape } of header.tensors) {
    text();
    fields.push({ at, sizeBytes: 4 });
    at += 4;
    for (let i = 0; i < shape.length; i++, at += 8) fields.push({ at, sizeBytes: 8 });
    fields.push({ at, sizeBytes: 4 }, { at: at + 4, sizeBytes: 8 });
    at += 12;
  }
  return fields;
}

const TYPE_IDS = [...Object.values(TENSOR_TYPES), ...Object.values(VALUE_TYPES)].map(({ id }) => BigInt(id));

function lying(whole: Buffer, fields: readonly Field[]): Arbitrary<Buffer> {
  const lie = fc.record({
    which: fc.nat(fields.length - 1),
    value: fc.oneof(hostileCount, fc.constantFrom(...TYPE_IDS)),
  });
  return fc.array(lie, { maxLength: 3 }).map((lies) => {
    const bytes = Buffer.from(whole);
    for (const { which, value } of lies) {
      const { at, sizeBytes } = fields[which] ?? { at: 0, sizeBytes: 4 };
      if (sizeBytes === 8) bytes.writeBigUInt64LE(value, at);
      else bytes.writeUInt32LE(Number(value & 0xffff_ffffn), at);
    }
    return bytes;
  });
}

export const openGguf: OpenTarget = (folder) => {
  const path = join(folder, 'model.gguf');
  const { header, sizeBytes } = planConversion({ modelFolder: makeSmallModel(), outtype: 'f32' });
  const whole = Buffer.concat([header, Buffer.alloc(sizeBytes - header.length)]);
  writeInput(path, { bytes: whole, sparseBytes: null });
  const lies = lying(whole, listFields(whole, readGgufHeader(path)));
  const inHeader = damaged(lies.map((bytes) => bytes.subarray(0, header.length))).map((start) =>
    Buffer.concat([start, whole.subarray(header.length)]),
  );
  const inputs = asFile(
    fc.oneof(
      { weight: 5, arbitrary: lies },
      { weight: 2, arbitrary: damaged(lies) },
      { weight: 3, arbitrary: inHeader },
      { weight: 1, arbitrary: rawBytes('GGUF\x03\0\0\0', 'GGUF\x03\0\0\0\0\0\0\0\0\0\0\0') },
    ),
  );
  const run = (input: Parameters<typeof writeInput>[1]): Promise<string> => {
    writeInput(path, input);
    return endOf(() => {
      const read = readGgufHeader(path);
      for (const value of read.metadata.values()) decodeStrings(value);
      checkModelHeader(path, read);
    });
  };
  return Promise.resolve(makeTarget({ inputs, run }));
};
