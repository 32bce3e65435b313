// Owns what is known of models before any is there: the catalog that ships in models/. It helps with names; whatever a
// model's own files say counts instead.
import { readFileSync } from 'node:fs';

interface CatalogModel {
  name: string;
  /** The part of the name that tells the size. */
  size: string;
  repo: string;
  parameters: number;
  layers: number;
  /** Longest vector. */
  dimensions: number;
  contextTokens: number;
  gguf: { repo: string; quantizations: readonly string[] };
}

interface Catalog {
  /** The task that queries are prefixed with when nothing else is said. */
  instruction: string;
  models: readonly CatalogModel[];
}

const FILE = new URL('../../../models/qwen3-embedding.json', import.meta.url);

export const CATALOG = JSON.parse(readFileSync(FILE, 'utf8')) as Catalog;

/** Repository of `Qwen3-Embedding-0.6B`, `qwen3-embedding-0.6b-gguf` or `0.6B`; null for anything else. */
export function findRepoByShortName(text: string): string | null {
  const wanted = text.toLowerCase();
  for (const { name, size, repo, gguf } of CATALOG.models) {
    if ([name, size].some((known) => known.toLowerCase() === wanted)) return repo;
    if (`${name}-gguf`.toLowerCase() === wanted) return gguf.repo;
  }
  return null;
}

/** The catalog's repositories most like `text`, the nearest first; none when nothing is alike. */
export function findNearestRepos(text: string, most = 3): string[] {
  return CATALOG.models
    .flatMap(({ repo, gguf }) => [repo, gguf.repo])
    .map((repo) => ({ repo, likeness: measureLikeness(repo, text) }))
    .filter(({ likeness }) => likeness >= LEAST_LIKENESS)
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, most)
    .map(({ repo }) => repo);
}

// A third of all pairs in common: catches slips and other owners' copies, not other families.
const LEAST_LIKENESS = 1 / 3;

/** Share of pairs of neighbouring characters that two names have in common (Dice's coefficient). */
function measureLikeness(a: string, b: string): number {
  const [pairs, others] = [pairsOf(a), pairsOf(b)];
  const common = [...pairs].filter((pair) => others.has(pair)).length;
  return (2 * common) / Math.max(1, pairs.size + others.size);
}

function pairsOf(text: string): Set<string> {
  const plain = text.toLowerCase().replace(/^.*\//, '');
  return new Set(Array.from({ length: Math.max(0, plain.length - 1) }, (_, i) => plain.slice(i, i + 2)));
}
