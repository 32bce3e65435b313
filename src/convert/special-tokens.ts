// Which ids begin, end and pad a text, whether the end token is appended, and the chat template: the `tokenizer.*` values
// after the merges. Follows the reference through its order of discovery, because that is the order in the file.
// Pure: takes parsed JSON. Without `add_eos_token` last-token pooling would read the wrong position.

import { isObject, type JsonObject } from '../json-object.ts';
import { stringArray, type GgufValue } from './gguf.ts';
import { listAddedTokens, type TokenizerFiles } from './tokenizer.ts';

/** Kinds in the order in which they are looked for; `eot` joins when the template replaces the end token. */
const KINDS = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'];

/** GGUF's names for the ids, spelling included; kinds without one are not written. */
const ID_KEYS: ReadonlyMap<string, string> = new Map([
  ['bos', 'bos_token_id'],
  ['eos', 'eos_token_id'],
  ['unk', 'unknown_token_id'],
  ['sep', 'seperator_token_id'],
  ['pad', 'padding_token_id'],
  ['mask', 'mask_token_id'],
  ['eot', 'eot_token_id'],
  ['eom', 'eom_token_id'],
]);
const FLAG_KEYS: ReadonlyMap<string, string> = new Map([
  ['bos', 'add_bos_token'],
  ['eos', 'add_eos_token'],
  ['sep', 'add_sep_token'],
]);

interface SpecialSources extends TokenizerFiles {
  /** config.json. */
  config: JsonObject;
  /** From chat_template.jinja or chat_template.json; counts when tokenizer_config.json has none. */
  chatTemplate?: ChatTemplate;
}

export type ChatTemplate = string | { name: string; template: string }[];

/** What has been found so far; both maps keep the order of discovery. */
interface Discovery {
  kinds: string[];
  /**
   * Token of each kind as tokenizer_config.json has it, a text or an object around one, or as the template overrides
   * it. The reference compares before it unwraps, so an object never equals the template's text.
   */
  contents: Map<string, unknown>;
  ids: Map<string, number>;
  flags: Map<string, boolean>;
}

/** Complete keys and values, in file order. */
export function renderSpecialTokens(sources: SpecialSources): [string, GgufValue][] {
  const found: Discovery = {
    kinds: [...KINDS],
    contents: configuredContents(sources.tokenizerConfig),
    ids: new Map(),
    flags: new Map(),
  };
  for (const processor of listProcessors(sources.tokenizer)) applyProcessor(found, processor);
  if (Object.keys(sources.tokenizerConfig).length === 0) found.kinds = KINDS;
  else applyTokenizerConfig(found, sources);
  for (const kind of found.kinds) setId(found, kind, sources.config[`${kind}_token_id`]);
  return [
    ...[...found.ids].flatMap(([kind, value]) => keyed(ID_KEYS.get(kind), { type: 'u32', value })),
    ...[...found.flags].flatMap(([kind, value]) => keyed(FLAG_KEYS.get(kind), { type: 'bool', value })),
    ...templateEntries(sources),
  ];
}

function keyed(key: string | undefined, value: GgufValue): [string, GgufValue][] {
  return key === undefined ? [] : [[`tokenizer.ggml.${key}`, value]];
}

function setId({ ids }: Discovery, kind: string, id: unknown): void {
  if (Number.isInteger(id) && (id as number) >= 0 && (id as number) < 2 ** 32 && !ids.has(kind))
    ids.set(kind, id as number);
}

function configuredContents(tokenizerConfig: JsonObject): Map<string, unknown> {
  const contents = new Map<string, unknown>();
  for (const kind of [...KINDS, 'eot', 'eom']) {
    const token = tokenizerConfig[`${kind}_token`];
    if (isObject(token) || (typeof token === 'string' && token !== '')) contents.set(kind, token);
  }
  standIn(contents, { kind: 'bos', source: 'cls' });
  standIn(contents, { kind: 'eos', source: 'sep' });
  return contents;
}

function standIn(contents: Map<string, unknown>, { kind, source }: { kind: string; source: string }): void {
  const content = contents.get(source);
  if (content !== undefined && !contents.has(kind)) contents.set(kind, content);
}

function listProcessors(tokenizer: JsonObject): JsonObject[] {
  const processor = tokenizer['post_processor'];
  if (!isObject(processor)) return [];
  const inner = processor['processors'];
  return Array.isArray(inner) ? inner.filter(isObject) : [processor];
}

/** Whether no special token goes before a text and one at most behind it. */
export function addsOneTokenAtMost(tokenizer: JsonObject): boolean {
  return listProcessors(tokenizer).every(({ type, single }) => {
    if (type === 'ByteLevel') return true;
    const parts = templateOf(single);
    return type === 'TemplateProcessing' && parts.length <= 2 && parts[0]?.special === undefined;
  });
}

function applyProcessor(found: Discovery, processor: JsonObject): void {
  if (processor['type'] === 'RobertaProcessing') {
    for (const kind of ['bos', 'eos', 'sep']) found.flags.set(kind, true);
    for (const kind of ['cls', 'sep']) {
      const [content] = Array.isArray(processor[kind]) ? (processor[kind] as unknown[]) : [];
      if (typeof content === 'string' && !found.contents.has(kind)) found.contents.set(kind, content);
    }
  }
  if (processor['type'] !== 'TemplateProcessing') return;
  const single = templateOf(processor['single']);
  const first = single.length > 1 ? single[0]?.special : undefined;
  const last = single.length > 1 ? single.at(-1)?.special : undefined;
  if (first !== undefined) applyLeading(found, first);
  if (last !== undefined) applyTrailing(found, last);
  applyPair(found, { pair: templateOf(processor['pair']), first, last });
}

interface TemplatePart {
  sequence?: string;
  special?: string;
}

function templateOf(template: unknown): TemplatePart[] {
  return (Array.isArray(template) ? template : []).map((part: unknown): TemplatePart => {
    const { Sequence: sequence, SpecialToken: special } = isObject(part) ? part : {};
    if (isObject(special) && typeof special['id'] === 'string' && special['id'] !== '')
      return { special: special['id'] };
    return isObject(sequence) && typeof sequence['id'] === 'string' ? { sequence: sequence['id'] } : {};
  });
}

function applyLeading({ contents, flags }: Discovery, first: string): void {
  if (first !== contents.get('bos') && first !== contents.get('cls'))
    for (const kind of ['bos', 'cls']) if (!contents.has(kind)) contents.set(kind, first);
  flags.set('bos', first === contents.get('bos') || first === contents.get('cls'));
}

// Qwen3-Embedding ends texts with <|endoftext|> while its config still names the chat model's <|im_end|>: that one
// becomes the end of a turn, the template's token the end of a text.
function applyTrailing({ kinds, contents, flags }: Discovery, last: string): void {
  const configured = contents.get('eos');
  if (last !== configured) {
    const spare = ['eot', 'eom'].find((kind) => !kinds.includes(kind));
    if (spare !== undefined) {
      kinds.push(spare);
      if (configured === undefined) contents.delete(spare);
      else contents.set(spare, configured);
    }
    contents.set('eos', last);
  }
  flags.set('eos', true);
}

// What stands between the two texts of a pair, once the tokens around both are cut off, decides about a separator.
function applyPair(
  { contents, flags }: Discovery,
  { pair, first, last }: { pair: TemplatePart[]; first: string | undefined; last: string | undefined },
): void {
  const start = first !== undefined && pair[0]?.special === first ? 1 : 0;
  const end = last !== undefined && pair.at(-1)?.special === last ? pair.length - 1 : pair.length;
  const inner = pair.slice(start, end);
  const between = inner.slice(1, -1);
  if (inner[0]?.sequence !== 'A' || inner.at(-1)?.sequence !== 'B' || between.length === 0) return;
  const separates = (part: TemplatePart | undefined): boolean =>
    part?.special !== undefined && [contents.get('sep'), contents.get('eos')].includes(part.special);
  const isSeparated =
    (separates(between[0]) && last === undefined) || (between.length === 2 && separates(between[1]));
  flags.set('sep', isSeparated);
  if (isSeparated) standIn(contents, { kind: 'sep', source: 'eos' });
}

function applyTokenizerConfig(found: Discovery, sources: SpecialSources): void {
  const added = listAddedTokens({ ...sources, tokenizerConfig: {} });
  for (const kind of found.kinds) {
    const flag = sources.tokenizerConfig[`add_${kind}_token`];
    if (typeof flag === 'boolean') found.flags.set(kind, flag);
    const configured = found.contents.get(kind);
    const content = isObject(configured) ? configured['content'] : configured;
    const token = added.find((candidate) => candidate.content === content);
    if (token !== undefined) setId(found, kind, token.id);
  }
}

function templateEntries({ tokenizerConfig, chatTemplate }: SpecialSources): [string, GgufValue][] {
  if (Object.keys(tokenizerConfig).length === 0) return [];
  const configured = tokenizerConfig['chat_template'];
  const template = configured === undefined ? chatTemplate : configured;
  if (typeof template === 'string') return templateEntry('tokenizer.chat_template', template);
  if (!Array.isArray(template)) return [];
  const named = new Map<string, string>();
  for (const choice of template as unknown[]) {
    const { name, template: text } = isObject(choice) ? choice : {};
    if (typeof name === 'string' && name !== '' && typeof text === 'string')
      named.set(name.replaceAll(/[^A-Za-z0-9]/gu, '_'), text);
  }
  const entries = [...named].filter(([name]) => name !== 'default');
  return [
    ...entries.flatMap(([name, text]) => templateEntry(`tokenizer.chat_template.${name}`, text)),
    ...(entries.length === 0
      ? []
      : ([['tokenizer.chat_templates', stringArray(entries.map(([name]) => name))]] as [
          string,
          GgufValue,
        ][])),
    ...templateEntry('tokenizer.chat_template', named.get('default') ?? ''),
  ];
}

function templateEntry(key: string, value: string): [string, GgufValue][] {
  return value === '' ? [] : [[key, { type: 'string', value }]];
}
