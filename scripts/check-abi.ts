// Compares the struct layouts in src/engine/llama-layout.ts with llama.h in node-llama-cpp's source bundle, field by
// field: `npm run check:abi`. Run it when the pin of node-llama-cpp moves; a difference names the field to change.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import koffi from 'koffi';
import '../src/engine/llama-layout.ts';

const STRUCTS = {
  'include/llama.h': ['llama_model_params', 'llama_context_params', 'llama_batch'],
  'ggml/include/gguf.h': ['gguf_init_params'],
} as const;

/** C type, without const and spaces -> koffi's canonical name of it. */
const SCALARS: Record<string, string> = {
  bool: 'bool',
  float: 'float',
  int32_t: 'int32_t',
  uint32_t: 'uint32_t',
  int8_t: 'int8_t',
  size_t: 'size_t',
  llama_progress_callback: 'pointer',
  ggml_backend_sched_eval_callback: 'pointer',
  ggml_abort_callback: 'pointer',
};

/** Field name -> kind, of one struct in C source. */
function parseStruct(source: string, name: string): [string, string][] {
  const body = new RegExp(`struct ${name} \\{([\\s\\S]*?)\\n {4}\\}`).exec(source)?.[1];
  if (body === undefined) throw new Error(`${name} is not in the header`);
  return body
    .replace(/\/\/.*$/gm, '')
    .split(';')
    .map((declaration) => declaration.trim().replace(/\s+/g, ' '))
    .filter((declaration) => declaration !== '')
    .map((declaration) => {
      const field = /(\w+)$/.exec(declaration)?.[1] ?? '';
      const type = declaration
        .slice(0, -field.length)
        .replace(/\bconst\b|\bstruct\b/g, '')
        .trim();
      if (type.includes('*')) return [field, 'pointer'];
      if (type.startsWith('enum')) return [field, 'int32_t'];
      return [field, SCALARS[type] ?? `unknown C type ${type}`];
    });
}

function layoutOf(name: string): [string, string][] {
  const { members = {} } = koffi.type(name);
  return Object.entries(members).map(([field, { type }]) => [
    field,
    type.primitive === 'Pointer' ? 'pointer' : type.name,
  ]);
}

const bundle = join(
  dirname(createRequire(import.meta.url).resolve('node-llama-cpp')),
  '..',
  'llama',
  'gitRelease.bundle',
);
const folder = mkdtempSync(join(tmpdir(), 'qwen-embed-abi-'));
let differences = 0;
try {
  execFileSync('git', ['clone', '--quiet', bundle, folder], { stdio: ['ignore', 'ignore', 'ignore'] });
  for (const [header, names] of Object.entries(STRUCTS)) {
    const source = readFileSync(join(folder, header), 'utf8');
    for (const name of names) {
      const [expected, actual] = [parseStruct(source, name), layoutOf(name)];
      const wrong = expected.findIndex(
        ([field, kind], i) => actual[i]?.[0] !== field || actual[i][1] !== kind,
      );
      const at = wrong < 0 && actual.length > expected.length ? expected.length : wrong;
      console.log(
        at < 0
          ? `${name}: ${String(expected.length)} fields agree`
          : `${name}: field ${String(at)} is ${String(expected[at])} in ${header}, ${String(actual[at])} here`,
      );
      if (at >= 0) differences++;
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(differences === 0 ? 0 : 1);
