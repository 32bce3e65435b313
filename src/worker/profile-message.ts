// GET /profile: what a worker's embedder has done so far, as JSON. Pure, and as distrustful as protocol.ts:
// anything but sums that can be sums is the fault WIRE_MALFORMED.
import { forStages, STAGE_BOUNDS, type Profile } from '../embedder.ts';
import { isObject } from '../json-object.ts';
import { malformed, parseJson } from './distrust.ts';

export const PROFILE_PATH = '/profile';

export function encodeProfile(profile: Profile): string {
  return JSON.stringify(profile);
}

export function decodeProfile(body: string): Profile {
  const value = parseJson(body);
  if (!isObject(value)) throw malformed('a profile is no object');
  const seconds = value['stageSeconds'];
  const counts = value['stageCounts'];
  if (!isObject(seconds) || !isObject(counts)) throw malformed('a profile without its stages');
  return {
    batches: readSum(value, 'batches'),
    texts: readSum(value, 'texts'),
    tokens: readSum(value, 'tokens'),
    prefixTokens: readSum(value, 'prefixTokens'),
    duplicates: readSum(value, 'duplicates'),
    cacheHits: readSum(value, 'cacheHits'),
    stageSeconds: forStages((stage) => readSum(seconds, stage)),
    stageCounts: forStages((stage) => readCounts(counts, stage)),
  };
}

function readCounts(record: Record<string, unknown>, key: string): number[] {
  const value = record[key];
  if (Array.isArray(value) && value.length === STAGE_BOUNDS.length + 1 && value.every(isCount)) return value;
  throw malformed(`the counts of ${key} are ${JSON.stringify(value)}`);
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function readSum(record: Record<string, unknown>, key: string): number {
  const value = record[key];
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw malformed(`${key} is ${JSON.stringify(value)}`);
}
