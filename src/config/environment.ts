// THE table of SGLang's environment: every variable that a launch of its server may have set, and what becomes of it
// here. Those that an option reads (`environment` in its row) are taken from the options; this table has the others.
// Pure. docs/flags.md shows it.
import { optionsOf } from './options.ts';

/** `effect`: what it does here. `why`: it has no effect, and one notice says so. `so`: what it asks for is so anyway. */
type VariableRow = { name: string } & ({ effect: string } | { why: string } | { so: string });

const OWN_PROCESSES = "SGLang's own processes talk over it";

const ROWS: readonly VariableRow[] = [
  { name: 'SGLANG_USE_MODELSCOPE', effect: 'models come from ModelScope unless --source says otherwise' },
  {
    name: 'SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN',
    effect: "--context-length may be longer than the model's own",
  },
  { name: 'SGLANG_LOGGING_CONFIG_PATH', why: "it configures Python's logging; --log-level is here" },
  { name: 'SGLANG_DISABLE_REQUEST_LOGGING', so: 'requests are logged only with --log-requests' },
  { name: 'SGLANG_ENABLE_REQUEST_DECOMPRESSION', why: 'bodies are taken as they are' },
  { name: 'SGLANG_HOST_IP', why: OWN_PROCESSES },
  { name: 'SGLANG_PORT', why: OWN_PROCESSES },
  { name: 'SGLANG_GRPC_PORT', why: 'there is no gRPC' },
  { name: 'SGLANG_USE_MLX', why: 'llama.cpp computes; --device metal is here' },
  { name: 'SGLANG_RUST_SERVER', why: 'the server is this one' },
  { name: 'PROMETHEUS_MULTIPROC_DIR', why: 'one process counts for all, and writes nothing down' },
  { name: 'AIP_PREDICT_ROUTE', why: 'the route that it moves generates text; send texts to /v1/embeddings' },
];

const UNKNOWN = 'it is of a part of SGLang that is not here';
const IS_SGLANG = /^(?:SGLANG|SGL)_/;

interface Variable {
  name: string;
  verdict: string;
  /** It asks for something that does not happen. */
  isIdle: boolean;
}

/** All variables of the table, those that options read first. */
export function listVariables(): Variable[] {
  const ofOptions = optionsOf('launch').flatMap(({ row }) =>
    row.environment === undefined
      ? []
      : [{ name: row.environment, verdict: `as \`--${row.flag}\``, isIdle: false }],
  );
  return [...ofOptions, ...ROWS.map(readRow)];
}

function readRow(row: VariableRow): Variable {
  if ('effect' in row) return { name: row.name, verdict: row.effect, isIdle: false };
  if ('so' in row) return { name: row.name, verdict: `so anyway: ${row.so}`, isIdle: false };
  return { name: row.name, verdict: row.why, isIdle: true };
}

/** The notice about what is set and has no effect; null where there is nothing to say. */
export function judgeEnvironment(env: Readonly<Record<string, string | undefined>>): string | null {
  const known = new Map(listVariables().map((variable) => [variable.name, variable]));
  const idle = Object.keys(env)
    .filter((name) => (IS_SGLANG.test(name) || known.has(name)) && (env[name] ?? '') !== '')
    .map((name) => known.get(name) ?? { name, verdict: UNKNOWN, isIdle: true })
    .filter(({ isIdle }) => isIdle);
  const [first] = idle;
  if (first === undefined) return null;
  if (idle.length === 1) return `${first.name} in the environment has no effect here: ${first.verdict}`;
  const names = idle.map(({ name }) => name).join(', ');
  return `${String(idle.length)} variables have no effect here: ${names} (docs/flags.md says why)`;
}
