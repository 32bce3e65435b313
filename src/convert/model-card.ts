// The `general.*` values of the header: from README.md's front matter, generation_config.json, config.json's
// `_name_or_path` and the folder's name, in the reference's order of precedence.
// Values that GGUF cannot hold there (a number as licence) are left out with a warning. Pure: takes texts and JSON.

import { isObject, type JsonObject } from '../json-object.ts';
import { parseFrontMatter } from './front-matter.ts';
import { stringArray, type GgufValue } from './gguf.ts';
import { parseModelId, renderSizeLabel, renderTitle, type NameParts } from './model-name.ts';
import { SAMPLING_KEYS } from './qwen3.ts';

interface CardSources {
  readme: string;
  config: JsonObject;
  generationConfig: unknown;
  folderName: string;
  /** Beats every other source of the name. */
  modelName?: string;
  /** Number of parameters in the tensors that are written. */
  parameters: number;
  onWarning: (message: string) => void;
}

/** Fields of `general.*` that hold one text, in file order; the card keys are tried from left to right. */
const FIELDS = [
  { key: 'name', card: ['name', 'model_name'] },
  { key: 'author', card: ['author', 'model_author', 'model_creator'] },
  { key: 'version', card: ['version', 'model_version'] },
  { key: 'organization', card: ['organization', 'model_organization'] },
  { key: 'finetune', card: ['finetune', 'model_finetune'] },
  { key: 'basename', card: ['basename', 'model_basename', 'model_type'] },
  { key: 'description', card: ['description', 'model_description'] },
  { key: 'size_label', card: ['size_label', 'model_size_label'] },
  { key: 'license', card: ['license'] },
  { key: 'license.name', card: ['license_name'] },
  { key: 'license.link', card: ['license_link'] },
  { key: 'source.url', card: ['url', 'model_url'] },
  { key: 'source.doi', card: ['doi', 'model_doi'] },
  { key: 'source.uuid', card: ['uuid', 'model_uuid'] },
  { key: 'source.repo_url', card: ['repo_url', 'model_repo_url'] },
] as const;

type FieldKey = (typeof FIELDS)[number]['key'];

/** Which part of a name stands in for a field that the card leaves open. */
const NAME_FALLBACKS: readonly { key: FieldKey; part: keyof NameParts; titled: boolean }[] = [
  { key: 'name', part: 'fullName', titled: true },
  { key: 'organization', part: 'organization', titled: true },
  { key: 'basename', part: 'basename', titled: false },
  { key: 'finetune', part: 'finetune', titled: false },
  { key: 'version', part: 'version', titled: false },
  { key: 'size_label', part: 'sizeLabel', titled: false },
];

/** Kinds of sources that are listed one by one. */
const ORIGINS = [
  { key: 'base_model', card: ['base_model', 'base_models', 'base_model_sources'] },
  { key: 'dataset', card: ['datasets', 'dataset', 'dataset_sources'] },
] as const;

const ORIGIN_FIELDS = [
  'name',
  'author',
  'version',
  'organization',
  'description',
  'url',
  'doi',
  'uuid',
  'repo_url',
];

const LISTS = [
  { key: 'tags', card: ['tags', 'pipeline_tag'] },
  { key: 'languages', card: ['languages', 'language'] },
] as const;

export interface GeneralValues {
  /** Complete keys, in file order. */
  entries: [key: string, value: GgufValue][];
  /** For the default file name. */
  parts: NameParts & { name: string };
}

export function readGeneralValues(sources: CardSources): GeneralValues {
  const card = parseFrontMatter(sources.readme, sources.onWarning);
  const fields = resolveFields(card, sources);
  const entries: [string, GgufValue][] = samplingEntries(sources);
  for (const { key } of FIELDS)
    addText(entries, { key, value: fields.get(key), onWarning: sources.onWarning });
  for (const { key, card: names } of ORIGINS) {
    const name = names.find((candidate) => candidate in card);
    if (name !== undefined) entries.push(...originEntries(sources, { key, listed: card[name] }));
  }
  for (const { key, card: names } of LISTS)
    addList(entries, { key, names, card, onWarning: sources.onWarning });
  return {
    entries: entries.map(([key, value]) => [`general.${key}`, value]),
    parts: nameParts(fields),
  };
}

function resolveFields(card: JsonObject, sources: CardSources): Map<FieldKey, unknown> {
  const { config, folderName, modelName, parameters } = sources;
  const fields = new Map<FieldKey, unknown>();
  for (const { key, card: names } of FIELDS) {
    const name = names.find((candidate) => isSet(card[candidate]));
    if (name !== undefined) fields.set(key, card[name]);
  }
  const path = config['_name_or_path'];
  const isModelId = typeof path === 'string' && path.split('/').length <= 2;
  for (const id of isModelId ? [path, folderName] : [folderName]) {
    const parts = parseModelId(id, parameters);
    for (const { key, part, titled } of NAME_FALLBACKS) {
      const value = parts[part];
      if (!fields.has(key) && value !== undefined) fields.set(key, titled ? renderTitle(value) : value);
    }
  }
  if (modelName !== undefined) fields.set('name', modelName);
  if (!fields.has('size_label')) fields.set('size_label', renderSizeLabel(parameters));
  return fields;
}

function nameParts(fields: ReadonlyMap<FieldKey, unknown>): NameParts & { name: string } {
  const parts: NameParts & { name: string } = { name: String(fields.get('name')) };
  for (const { key, part } of NAME_FALLBACKS.slice(2)) {
    const value = fields.get(key);
    if (typeof value === 'string') parts[part] = value;
  }
  return parts;
}

function samplingEntries({ generationConfig, onWarning }: CardSources): [string, GgufValue][] {
  if (!isObject(generationConfig)) return [];
  const entries: [string, GgufValue][] = [];
  for (const { key, from, type } of SAMPLING_KEYS) {
    const name = from.find((candidate) => candidate in generationConfig);
    const value = name === undefined ? undefined : generationConfig[name];
    if (!isSet(value)) continue;
    if (type === 'string') addText(entries, { key: `sampling.${key}`, value, onWarning });
    else if (typeof value === 'number' && (type !== 'i32' || (value | 0) === value))
      entries.push([`sampling.${key}`, { type, value }]);
    else onWarning(`generation_config.json: ${String(name)} is ${JSON.stringify(value)} and is left out`);
  }
  return entries;
}

function originEntries(
  sources: CardSources,
  { key, listed }: { key: string; listed: unknown },
): [string, GgufValue][] {
  const origins = (Array.isArray(listed) ? listed : [listed].filter((id) => typeof id === 'string')).map(
    (origin): JsonObject => {
      if (isObject(origin)) return origin;
      return typeof origin === 'string' ? describeOrigin(origin, sources.parameters) : {};
    },
  );
  const entries: [string, GgufValue][] = [[`${key}.count`, { type: 'u32', value: origins.length }]];
  origins.forEach((origin, index) => {
    for (const field of ORIGIN_FIELDS)
      addText(entries, {
        key: `${key}.${String(index)}.${field}`,
        value: origin[field],
        onWarning: sources.onWarning,
      });
  });
  return entries;
}

/** What an id such as `Qwen/Qwen3-0.6B-Base`, or an address, tells about a base model or data set. */
function describeOrigin(id: string, parameters: number): JsonObject {
  const isAddress = /^(https?|ssh):\/\//.test(id);
  const hubId = /^https?:\/\/huggingface\.co\/([^/]+\/[^/]+)$/.exec(id)?.[1];
  if (isAddress && hubId === undefined) return { repo_url: id };
  const { fullName, organization, version } = parseModelId(hubId ?? id, parameters);
  const hasPage = !isAddress && organization !== undefined && fullName !== undefined;
  return {
    ...(isAddress ? { repo_url: id } : {}),
    ...(fullName === undefined ? {} : { name: renderTitle(fullName) }),
    ...(organization === undefined ? {} : { organization: renderTitle(organization) }),
    ...(version === undefined ? {} : { version }),
    ...(hasPage ? { repo_url: `https://huggingface.co/${organization}/${fullName}` } : {}),
  };
}

function addText(
  entries: [string, GgufValue][],
  { key, value, onWarning }: { key: string; value: unknown; onWarning: (message: string) => void },
): void {
  const isLicenceList = key === 'license' && Array.isArray(value);
  const text = isLicenceList ? value.filter((part) => typeof part === 'string').join(',') : value;
  // The reference leaves empty texts out as well.
  if (!isSet(text) || text === '' || text === false) return;
  if (typeof text === 'string') entries.push([key, { type: 'string', value: text }]);
  else onWarning(`README.md: ${key} is no text and is left out`);
}

function addList(
  entries: [string, GgufValue][],
  list: { key: string; names: readonly string[]; card: JsonObject; onWarning: (message: string) => void },
): void {
  const listed = list.names.flatMap((name) => list.card[name] ?? []);
  const texts = listed.filter((value) => typeof value === 'string');
  if (listed.some((value) => typeof value !== 'string'))
    list.onWarning(`README.md: entries of ${list.key} that are no text are left out`);
  if (texts.length > 0) entries.push([list.key, stringArray(texts)]);
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}
