// Taking model names apart as llama.cpp's converter does: `Qwen/Qwen3-Embedding-0.6B` -> organisation, basename, size,
// fine-tune, version; titles and default file names put together from the parts.
// Pure string rules with the reference's quirks kept, since the results are bytes of the header. Reads nothing.

export interface NameParts {
  /** The whole id for a plain sentence, else what follows the organisation. */
  fullName?: string;
  organization?: string;
  basename?: string;
  finetune?: string;
  version?: string;
  sizeLabel?: string;
}

type Label = 'basename' | 'size' | 'finetune' | 'version' | 'type';
interface Part {
  text: string;
  labels: Set<Label>;
}

const VERSION = /^(v|iter)?\p{Nd}+(\.\p{Nd}+)*$/iu;
const NUMBER_TYPE = /^(i?q\p{Nd}(_[\p{L}\p{N}_])*|b?fp?(16|32))$/iu;
const SIZE = /^(((A|\p{Nd}+x)?\p{Nd}+([._]\p{Nd}+)?[KMBT]\p{Nd}?)|small|mini|medium|large|x?xl)$/iu;
const FINETUNE = /^(chat|instruct|vision|lora)$/i;
const DIGIT = /\p{Nd}/u;
const LETTER = /\p{L}/u;

/** `parameters` is the true number of parameters; a size far from it is taken for a context length. */
export function parseModelId(modelId: string, parameters: number): NameParts {
  if (modelId.includes(' ')) return { fullName: modelId };
  const slash = modelId.indexOf('/');
  const fullName = modelId.slice(slash + 1);
  const organization = slash === -1 || modelId.startsWith('.') ? undefined : modelId.slice(0, slash);
  const parts = fullName
    .split('-')
    .filter((text) => text !== '')
    .map((text, index) => labelPart(text, { index, parameters }));
  dropWordSizes(parts);
  labelBasename(parts);
  return { fullName, ...optional({ organization }), ...gather(parts) };
}

function labelPart(text: string, { index, parameters }: { index: number; parameters: number }): Part {
  if (VERSION.test(text)) return { text, labels: new Set(['version']) };
  if (NUMBER_TYPE.test(text)) return { text: text.toUpperCase(), labels: new Set(['type']) };
  if (index > 0 && SIZE.test(text)) return labelSize(text, parameters);
  if (index > 0 && FINETUNE.test(text)) return { text, labels: new Set(['finetune']) };
  return { text, labels: new Set() };
}

function labelSize(part: string, parameters: number): Part {
  let text = part.replaceAll('_', '.');
  // `7b1` means 7.1B.
  if (DIGIT.test(text.slice(-1))) text = `${text.slice(0, -2)}.${text.slice(-1)}${text.slice(-2, -1)}`;
  const suffix = text.slice(-1);
  const isNumeric = text.length > 1 && DIGIT.test(text.slice(-2, -1));
  if (isNumeric && 'kmbt'.includes(suffix)) text = text.slice(0, -1) + suffix.toUpperCase();
  const number = text.slice(0, -1);
  if (/^\p{Nd}+(\.\p{Nd}+)?$/u.test(number)) {
    const claimed = Number(number) * 1000 ** ' KMBT'.indexOf(text.slice(-1));
    if (Math.abs(claimed - parameters) > Math.floor((7 * parameters) / 8))
      return { text: text.slice(0, -1) + text.slice(-1).toLowerCase(), labels: new Set(['finetune']) };
  }
  return { text, labels: new Set(['size']) };
}

// `large` says nothing beside `7B`.
function dropWordSizes(parts: readonly Part[]): void {
  const sizes = parts.filter(({ labels }) => labels.has('size'));
  if (!sizes.some(({ text }) => DIGIT.test(text))) return;
  for (const { text, labels } of sizes) if (/^\p{L}+$/u.test(text)) labels.delete('size');
}

// Leading words and versions are the basename; versions at its end are taken off again.
function labelBasename(parts: readonly Part[]): void {
  let atStart = true;
  for (const { text, labels } of parts) {
    if (atStart && ((labels.size === 0 && LETTER.test(text.charAt(0))) || labels.has('version'))) {
      labels.add('basename');
    } else {
      atStart = false;
      if (labels.size === 0) labels.add('finetune');
    }
  }
  for (const { labels } of parts.toReversed()) {
    if (!labels.has('basename') || labels.size === 1) break;
    labels.delete('basename');
  }
}

function gather(parts: readonly Part[]): NameParts {
  const join = (texts: readonly Part[]): string | undefined =>
    texts.map(({ text }) => text).join('-') || undefined;
  const labelled = (label: Label): Part[] => parts.filter(({ labels }) => labels.has(label));
  const sizes = [...new Set(labelled('size').map(({ text }) => text))];
  const sizeLabel = sizes.join('-') || undefined;
  const finetune = join(labelled('finetune'));
  const version = join(labelled('version').filter(({ labels }) => !labels.has('basename')));
  const isAmbiguous = sizeLabel === undefined && finetune === undefined && version === undefined;
  const basename = isAmbiguous ? undefined : join(labelled('basename'));
  return optional({ basename, finetune, version, sizeLabel });
}

/** `qwen3-embedding 0.6b` -> `Qwen3 Embedding 0.6b`: words all in lower case are capitalised, versions are not. */
export function renderTitle(id: string): string {
  return id
    .replaceAll('-', ' ')
    .split(/\s+/u)
    .filter((word) => word !== '')
    .map((word) =>
      isLowerCase(word) && !/^(v\p{Nd}+(\.\p{Nd}+)*|\p{Nd}.*)$/u.test(word) ? capitalise(word) : word,
    )
    .join(' ');
}

function isLowerCase(word: string): boolean {
  return /\p{Lowercase}/u.test(word) && !/[\p{Uppercase}\p{Lt}]/u.test(word);
}

// Python's str.title: a letter after anything that is no letter is capitalised, so `3b's` becomes `3B'S`.
function capitalise(word: string): string {
  return word.replaceAll(
    /(\p{Cased})(\p{Cased}*)/gu,
    (_match, first: string, rest: string) => first.toUpperCase() + rest.toLowerCase(),
  );
}

/** `595776512` -> `596M`: two digits at least, scaled to K, M, B or T. */
export function renderSizeLabel(parameters: number): string {
  const [factor, unit] =
    parameters > 1e12
      ? ([1e-12, 'T'] as const)
      : parameters > 1e9
        ? ([1e-9, 'B'] as const)
        : parameters > 1e6
          ? ([1e-6, 'M'] as const)
          : ([1e-3, 'K'] as const);
  const scaled = parameters * factor;
  const wholeDigits = roundHalfEven(scaled, 0).replace(/^0+/, '').length;
  return roundHalfEven(scaled, Math.max(2 - wholeDigits, 0)) + unit;
}

// Number.toFixed rounds an exact tie up, Python to the even digit. 80 decimals show every double here exactly.
function roundHalfEven(value: number, decimals: number): string {
  const rounded = value.toFixed(decimals);
  const rest = value.toFixed(80).slice(value.toFixed(80).indexOf('.') + 1 + decimals);
  const isTie = /^50*$/.test(rest);
  const isOdd = Number(rounded.slice(-1)) % 2 === 1;
  return isTie && isOdd ? (value - 0.5 * 10 ** -decimals).toFixed(decimals) : rounded;
}

/** `Qwen3-Embedding-0.6B-Q8_0`, the converter's default file name without its ending. */
export function renderFileStem(
  { name, basename, sizeLabel, finetune, version }: NameParts & { name: string },
  encoding: string,
): string {
  const dashed = (text: string): string => text.trim().replaceAll(' ', '-');
  const stem = dashed(basename ?? name).replaceAll('/', '-');
  const size = sizeLabel === undefined ? '' : `-${sizeLabel}`;
  const suffixes = [finetune, version].map((text) => (text === undefined ? '' : `-${dashed(text)}`));
  return `${stem}${size}${suffixes.join('')}-${encoding}`;
}

function optional<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
