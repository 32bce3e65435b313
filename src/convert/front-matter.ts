// The YAML at the top of a model card, read as PyYAML reads it: what counts as text there becomes bytes of the header.
// What the keys mean is model-card.ts's business.

import {
  parse as parseYaml,
  type DocumentOptions,
  type ParseOptions,
  type ScalarTag,
  type SchemaOptions,
} from 'yaml';

import { isObject, type JsonObject } from '../json-object.ts';

// The reference reads with PyYAML, whose YAML 1.1 takes fewer words for booleans and numbers than the library's does
// (`y` and `1e5` are texts). Only texts reach the header, so what is no text need not keep its value.
const PYYAML_NULL = /^(?:~|null|Null|NULL|)$/;
const PYYAML_FALSE = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const PYYAML_OTHER = new RegExp(
  [
    'yes|Yes|YES|true|True|TRUE|on|On|ON',
    '[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+',
    '[-+]?[0-9][0-9_]*\\.[0-9_]*(?:[eE][-+][0-9]+)?|\\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?',
    '[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*|[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN)',
    '\\d{4}-\\d\\d-\\d\\d|\\d{4}-\\d\\d?-\\d\\d?(?:[Tt]|[ \\t]+)\\d\\d?:\\d\\d:\\d\\d(?:\\.\\d*)?(?:[ \\t]*(?:Z|[-+]\\d\\d?(?::\\d\\d)?))?',
  ]
    .map((alternative) => `^(?:${alternative})$`)
    .join('|'),
);
const scalarTag = (name: string, { test, value }: { test: RegExp; value: unknown }): ScalarTag => {
  return { tag: `tag:yaml.org,2002:${name}`, default: true, test, resolve: () => value };
};
const YAML_OPTIONS: ParseOptions & DocumentOptions & SchemaOptions = {
  schema: 'failsafe',
  merge: true,
  uniqueKeys: false,
  logLevel: 'error',
  customTags: [
    scalarTag('null', { test: PYYAML_NULL, value: null }),
    scalarTag('bool', { test: PYYAML_FALSE, value: false }),
    scalarTag('other', { test: PYYAML_OTHER, value: true }),
  ],
};

// Cards with the results of every benchmark have 100 KB of it. The parser takes a second for a megabyte.
const LIMIT_CHARACTERS = 2 ** 18;

/** The YAML between two lines `---` at the top of a README; an empty object when there is none or it is broken. */
export function parseFrontMatter(readme: string, onWarning: (message: string) => void): JsonObject {
  // Python's splitlines() knows more line ends than JavaScript.
  const lines = readme.slice(0, LIMIT_CHARACTERS).split(/\r\n|[\n\r\v\f\x85\u2028\u2029]/);
  if (lines[0] !== '---') return {};
  const end = lines.indexOf('---', 1);
  if (end === -1 && readme.length > LIMIT_CHARACTERS) {
    onWarning(
      `README.md: its front matter has more than ${String(LIMIT_CHARACTERS)} characters and is left out`,
    );
    return {};
  }
  const text = `${lines.slice(1, end === -1 ? undefined : end).join('\n')}\n`;
  // YAML 1.1 reads `no` as false, and Norwegian is a language of many models; tabs are no indentation in YAML.
  const patched = text.replaceAll('- no\n', '- "no"\n').replaceAll('\t', '  ');
  try {
    const card: unknown = parseYaml(patched, YAML_OPTIONS);
    return isObject(card) ? card : {};
  } catch (error) {
    onWarning(`README.md: its front matter is no YAML and is left out: ${(error as Error).message}`);
    return {};
  }
}
