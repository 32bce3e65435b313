// Owns the search for the nearest setting that fits where the wished one does not: one change at a time, the cheapest to
// the user first. Pure; whether something fits is asked of the caller.
import { weightBytes } from '../engine/memory-need.ts';
import { FAMILY } from './family.ts';
import type { PlanQuestion, PlanSettings } from './plan.ts';

interface Variation {
  advice: string;
  question: PlanQuestion;
}

/** A sentence part that names what would fit; null where no single change does. */
export function adviseFit(question: PlanQuestion, fits: (question: PlanQuestion) => boolean): string | null {
  return listVariations(question).find((variation) => fits(variation.question))?.advice ?? null;
}

function listVariations(question: PlanQuestion): Variation[] {
  return [...settingVariations(question), ...weightVariations(question), ...modelVariations(question)];
}

/** Options that can be made smaller, with the smallest sensible value; only where the user has given them. */
const SHRINKING = [
  { name: 'lanes', flag: '--lanes', least: 1, next: (n: number) => n - 1 },
  { name: 'batchTokens', flag: '--max-prefill-tokens', least: 64, next: (n: number) => Math.floor(n / 2) },
  { name: 'contextLength', flag: '--context-length', least: 512, next: (n: number) => Math.floor(n / 2) },
  { name: 'dataParallel', flag: '--dp-size', least: 1, next: (n: number) => n - 1 },
] as const satisfies { name: keyof PlanSettings; flag: string; least: number; next: (n: number) => number }[];

const FRACTIONS = [0.9, 0.95, 0.98];

function settingVariations(question: PlanQuestion): Variation[] {
  const { settings } = question;
  const vary = (change: Partial<PlanSettings>, advice: string): Variation => ({
    advice: `use ${advice}, which fits`,
    question: { ...question, settings: { ...settings, ...change } },
  });
  const smaller = SHRINKING.flatMap(({ name, flag, least, next }) => {
    const values: number[] = [];
    for (let value = next(settings[name] ?? 0); value >= least; value = next(value)) values.push(value);
    return values.map((value) => vary({ [name]: value }, `${flag} ${String(value)}`));
  });
  const larger = FRACTIONS.filter((fraction) => fraction > settings.memFractionStatic).map((fraction) =>
    vary({ memFractionStatic: fraction }, `--mem-fraction-static ${String(fraction)}`),
  );
  return [...smaller, ...larger];
}

// Only a folder can be converted to another type.
function weightVariations(question: PlanQuestion): Variation[] {
  const { model } = question;
  if (!model.isConverted || model.type === 'Q8_0') return [];
  const weights = weightBytes({ ...model.shape, vocabulary: model.vocabulary }, 'Q8_0');
  return [
    {
      advice: 'use --outtype q8_0, which fits',
      question: { ...question, model: { ...model, weights, type: 'Q8_0' } },
    },
  ];
}

// Of the model's own size, a folder in q8_0; of smaller ones, whatever fits.
function modelVariations(question: PlanQuestion): Variation[] {
  const { shape: own, isConverted } = question.model;
  const size = ({ layers, hidden }: typeof own) => layers * hidden;
  return FAMILY.toReversed().flatMap(({ name, shape, contextTokens }) => {
    const types = size(shape) < size(own) ? (['BF16', 'Q8_0'] as const) : (['Q8_0'] as const);
    if (size(shape) > size(own) || (size(shape) === size(own) && isConverted)) return [];
    return types.map((type) => ({
      advice: `use ${name}${type === 'Q8_0' ? ' with --outtype q8_0' : ''}, which fits`,
      question: {
        ...question,
        model: { ...question.model, shape, contextTokens, type, weights: weightBytes(shape, type) },
      },
    }));
  });
}
