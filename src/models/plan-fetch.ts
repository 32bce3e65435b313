// Owns what a launch still has to fetch of a repository's safetensors, and how much disk that takes: weights that are in
// the unfinished converted file are not fetched again, and each file of weights goes before the next one comes.
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Outtype } from '../convert/tensor-plan.ts';
import { readNotedShards, unfinishedOf, type NotedShard } from '../convert/unfinished.ts';
import type { DownloadPlan, PlannedFile, RepoFile, RepoListing } from '../download/contract.ts';
import type { Hub } from '../download/open-hub.ts';
import { planDownload } from '../download/plan-download.ts';
import type { WeightsChoice } from './choose-weights.ts';
import type { ConvertedRepo } from './converted-repo.ts';

export interface ConversionOptions {
  outtype: Outtype;
  /** Fetched weights stay in the hub's cache after the conversion. */
  keepSafetensors: boolean;
}

interface FoundWeights {
  hub: Hub;
  listing: RepoListing;
  choice: Extract<WeightsChoice, { kind: 'safetensors' }>;
}

export interface WantedConversion extends FoundWeights, ConversionOptions {
  /** The converted file, once it is whole. */
  file: string;
}

/** `options.outtype` is for repositories of which no type was asked. */
export function wantConversion(
  { repo, ...found }: FoundWeights & { repo: ConvertedRepo },
  options: ConversionOptions,
): WantedConversion {
  const outtype = found.choice.outtype ?? options.outtype;
  const { keepSafetensors } = options;
  return { ...found, outtype, keepSafetensors, file: repo.fileOf(found.listing.commit, outtype) };
}

/** What is small first, then weights in the converter's order. */
export async function planFetch(wanted: WantedConversion): Promise<DownloadPlan> {
  const { hub, listing, keepSafetensors } = wanted;
  const { small, shards } = listWanted(wanted);
  const noted = readConverted(wanted);
  const needed = shards.filter(({ path }) => keepSafetensors || !noted.has(path));
  const files = [...small, ...needed];
  const plan = await planDownload(hub, listing, { files, destination: { kind: 'cache' } });
  return { ...plan, peakBytes: measurePeak(wanted, plan) };
}

export function isShard({ choice }: Pick<WantedConversion, 'choice'>, { path }: { path: string }): boolean {
  return choice.shards.includes(path);
}

/** The shards that the unfinished file holds, by name, as far as they are those of the listing. */
export function readConverted({
  file,
  listing,
}: Pick<WantedConversion, 'file' | 'listing'>): Map<string, NotedShard> {
  const identities = new Map(listing.files.map((one) => [one.path, identityOf(one)]));
  const noted = readNotedShards(file).filter(({ name, identity }) => identities.get(name) === identity);
  return new Map(noted.map((shard) => [shard.name, shard]));
}

export function identityOf({
  digest: { kind, hex },
  sizeBytes,
}: Pick<RepoFile, 'digest' | 'sizeBytes'>): string {
  return `${kind} ${hex} ${String(sizeBytes)}`;
}

function listWanted({ listing, choice }: WantedConversion): { small: RepoFile[]; shards: RepoFile[] } {
  const of = (paths: readonly string[]): RepoFile[] =>
    listing.files.filter(({ path }) => paths.includes(path));
  const byBytes = (a: RepoFile, b: RepoFile): number =>
    Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
  return { small: of(choice.small), shards: of(choice.shards).sort(byBytes) };
}

/** Of the two bytes that a weight has in the repositories of this family. */
const SHARE_KEPT = { f32: 2, f16: 1, bf16: 1, q8_0: 34 / 64 };
/** Vocabulary and merges. */
const HEADER_BYTES = 16_000_000;

/** On the hub's disk. What is removed on the way was as large as what came for it. */
function measurePeak(wanted: WantedConversion, { files, folder }: DownloadPlan): number {
  const { file, outtype, keepSafetensors } = wanted;
  const missing = (some: readonly PlannedFile[]): number[] =>
    some.map(({ sizeBytes, presentBytes }) => sizeBytes - presentBytes);
  const ofShards = missing(files.filter((one) => isShard(wanted, one)));
  const ofSmall = missing(files.filter((one) => !isShard(wanted, one)));
  const atOnce = keepSafetensors ? sum(ofShards) : Math.max(0, ...ofShards);
  const weightBytes = sum(listWanted(wanted).shards.map(({ sizeBytes }) => sizeBytes));
  const convertedBytes = Math.ceil(weightBytes * SHARE_KEPT[outtype]) + HEADER_BYTES;
  const toWrite = Math.max(0, convertedBytes - allocatedBytes(unfinishedOf(file)));
  return sum(ofSmall) + atOnce + (diskOf(folder) === diskOf(file) ? toWrite : 0);
}

/** Holes left out. */
const allocatedBytes = (path: string): number =>
  512 * (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0);

/** Of a path that need not be there yet. */
function diskOf(path: string): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined && dirname(path) !== path ? diskOf(dirname(path)) : found?.dev;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
