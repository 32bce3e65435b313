// Owns what --json-model-override-args may say of a model: which lengths requests may ask for, and the longest text.
// Everything else in config.json belongs to the arithmetic, and vectors computed otherwise are another model's. Pure.
import type { JsonValue, Settings } from '../config/options.ts';
import { Fault } from '../faults.ts';

export interface ModelOverrides {
  /** Lengths that requests may ask for beside the whole one; null = any that the family is trained for. */
  dimensions: readonly number[] | null;
  /** Longest text; null = the model's own. */
  contextTokens: number | null;
}

const isCount = (value: JsonValue | undefined): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value > 0;

/** Keys in the order in which a later one wins. */
const READERS: Record<string, (value: JsonValue) => Partial<ModelOverrides> | null> = {
  is_matryoshka: (value) => (typeof value === 'boolean' ? { dimensions: value ? null : [] } : null),
  matryoshka_dimensions: (value) =>
    Array.isArray(value) && value.every(isCount) ? { dimensions: value } : null,
  max_position_embeddings: (value) => (isCount(value) ? { contextTokens: value } : null),
};

/** Faults: BAD_OPTION for a key that is none of these, or a value that it cannot have. */
export function readModelOverrides(args: JsonValue | null): ModelOverrides {
  const given = args as Readonly<Record<string, JsonValue>> | null;
  const known = Object.keys(READERS);
  const strange = Object.keys(given ?? {}).find((key) => !known.includes(key));
  if (strange !== undefined)
    throw refuse(strange, 'would change what the weights compute', `only ${known.join(', ')} may be said`);
  const overrides: ModelOverrides = { dimensions: null, contextTokens: null };
  for (const [key, read] of Object.entries(READERS)) {
    const value = given?.[key];
    if (value === undefined) continue;
    const part = read(value);
    if (part === null)
      throw refuse(key, `cannot be ${JSON.stringify(value)}`, 'write true, [256, 512] or a number of tokens');
    Object.assign(overrides, part);
  }
  return overrides;
}

function refuse(key: string, problem: string, hint: string): Fault {
  return new Fault('BAD_OPTION', {
    option: '--json-model-override-args',
    problem: `${JSON.stringify(key)} ${problem}`,
    hint,
  });
}

/** The settings with the longest text that both --context-length and the overrides allow. Faults: BAD_OPTION. */
export function settleContext(settings: Settings<'launch'>): Settings<'launch'> {
  const { contextTokens } = readModelOverrides(settings.modelOverrides);
  if (contextTokens === null) return settings;
  return { ...settings, contextLength: Math.min(contextTokens, settings.contextLength ?? contextTokens) };
}
