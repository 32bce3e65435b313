// Which of a repository's files are its weights: the safetensors, or one of its GGUF files, by the type that was asked
// for. Pure: a list of names in, names out. What is in the files is checked by those who read them.
import { Fault } from '../faults.ts';
import { CATALOG } from './catalog.ts';

/** Types that safetensors can be converted to; the values are names of `--outtype`. */
const OUTTYPES = { F32: 'f32', F16: 'f16', BF16: 'bf16', Q8_0: 'q8_0' } as const;
type ChosenOuttype = (typeof OUTTYPES)[keyof typeof OUTTYPES];

/** The least loss of those that are common; the fastest on processors. */
const USUAL_QUANTIZATION = 'Q8_0';

export type WeightsChoice =
  | {
      kind: 'safetensors';
      /** The shards, and everything that a conversion reads besides. */
      shards: string[];
      small: string[];
      /** Null = nothing was asked for. */
      outtype: ChosenOuttype | null;
    }
  | { kind: 'gguf'; file: string; quantization: string };

interface Question {
  repo: string;
  /** Every path of the repository. */
  paths: readonly string[];
  /** In upper case; null = whatever there is. */
  quantization: string | null;
}

/** Every path that the choice means; what a conversion reads first goes first. */
export function pathsOf(choice: WeightsChoice): string[] {
  return choice.kind === 'gguf' ? [choice.file] : [...choice.small, ...choice.shards];
}

/** Faults: MODEL_UNSUPPORTED with what the repository has instead. */
export function chooseWeights(question: Question): WeightsChoice {
  const { paths, quantization } = question;
  const shards = paths.filter((path) => /^model[^/]*\.safetensors$/.test(path));
  const ggufs = paths.flatMap((path) => parseGgufName(path) ?? []);
  if (quantization === null && shards.length > 0)
    return chooseSafetensors(question, { shards, outtype: null });
  const [first] = ggufs;
  const wanted = quantization ?? (isOneModel(ggufs) ? first?.quantization : USUAL_QUANTIZATION);
  const matching = ggufs.filter((file) => file.quantization === wanted);
  if (matching.length > 0) return chooseGguf(question, matching);
  const outtype = OUTTYPES[quantization as keyof typeof OUTTYPES] as ChosenOuttype | undefined;
  if (shards.length > 0 && outtype !== undefined) return chooseSafetensors(question, { shards, outtype });
  throw nothingFits(question, { shards, ggufs });
}

function chooseSafetensors(
  { paths }: Question,
  { shards, outtype }: { shards: string[]; outtype: ChosenOuttype | null },
): WeightsChoice {
  return { kind: 'safetensors', shards, small: paths.filter(isConversionInput), outtype };
}

// Everything small that a conversion may read, wherever modules.json says that the pooling lies; exports to other
// programs (onnx, openvino) keep their copies in folders of their own.
function isConversionInput(path: string): boolean {
  const isTop = /^[^/]+\.(json|md|txt|jinja|model)$/.test(path);
  return (
    isTop || /^[^/]+\/config\.json$/.test(path) || /^additional_chat_templates\/[^/]+\.jinja$/.test(path)
  );
}

interface GgufName {
  path: string;
  quantization: string;
  /** More than 1 for a file that is one part of a model. */
  parts: number;
}

const UNNAMED = 'UNNAMED TYPE';

/** `Qwen3-Embedding-4B-Q4_K_M.gguf` -> Q4_K_M; null for other files. */
function parseGgufName(path: string): GgufName | null {
  const match = /^(.*?)(?:-\d{5}-of-(\d{5}))?\.gguf$/i.exec(path);
  if (match === null) return null;
  const type = /(?:^|[-._/])((?:IQ|TQ|Q)\d\w*|BF16|F16|F32|FP16|FP32)$/i.exec(match[1] ?? '');
  const quantization = (type?.[1] ?? UNNAMED).toUpperCase().replace(/^FP/, 'F');
  return { path, quantization, parts: Number(match[2] ?? 1) };
}

/** `Q4_K_M`; null for what is no .gguf file or does not say. */
export function quantizationOf(path: string): string | null {
  const { quantization = UNNAMED } = parseGgufName(path) ?? {};
  return quantization === UNNAMED ? null : quantization;
}

const isOneModel = (ggufs: readonly GgufName[]): boolean =>
  new Set(ggufs.map(({ quantization }) => quantization)).size === 1;

function chooseGguf({ repo }: Question, matching: readonly GgufName[]): WeightsChoice {
  const [file = { path: '', quantization: '', parts: 1 }, ...others] = matching;
  const path = `${repo}:${file.quantization}`;
  if (file.parts > 1)
    throw new Fault('MODEL_UNSUPPORTED', {
      path,
      problem: `is split into ${String(file.parts)} files, and only whole .gguf files are read`,
      hint: 'choose another type, or join the parts with: llama-gguf-split --merge',
    });
  if (others.length > 0)
    throw new Fault('MODEL_UNSUPPORTED', {
      path,
      problem: `means ${String(matching.length)} files: ${matching.map((one) => one.path).join(', ')}`,
      hint: 'download the one you mean with --include and give its path',
    });
  return { kind: 'gguf', file: file.path, quantization: file.quantization };
}

function nothingFits(
  { repo, quantization }: Question,
  { shards, ggufs }: { shards: readonly string[]; ggufs: readonly GgufName[] },
): Fault {
  const has = [...new Set(ggufs.map((file) => file.quantization))];
  const convertible = shards.length > 0 ? Object.keys(OUTTYPES) : [];
  const known = [...new Set([...has, ...convertible])];
  const official = CATALOG.models.find((model) => model.repo === repo)?.gguf;
  if (known.length === 0)
    return new Fault('MODEL_UNSUPPORTED', {
      path: repo,
      problem: 'has neither model*.safetensors nor .gguf files',
    });
  const isOfficial = quantization !== null && official?.quantizations.includes(quantization) === true;
  return new Fault('MODEL_UNSUPPORTED', {
    path: repo,
    problem:
      quantization === null
        ? `has ${known.join(', ')}, and no ${USUAL_QUANTIZATION} to take unasked`
        : `has no ${quantization}; it has ${known.join(', ')}`,
    hint: isOfficial
      ? `use ${official.repo}:${quantization}`
      : `name a type: ${repo}:${known[0] ?? USUAL_QUANTIZATION}`,
  });
}
