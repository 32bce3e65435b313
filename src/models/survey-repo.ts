// Owns what can be known of a repository's model before gigabytes are fetched: its config.json, or its .gguf file's header,
// read apart and kept nowhere; and what a launch would fetch. Judges nothing.
import { readArrivingGgufHeader } from '../convert/gguf-read.ts';
import type { Outtype } from '../convert/tensor-plan.ts';
import type { GgufHeader } from '../convert/gguf.ts';
import type { DownloadPlan, HubSettings, RepoListing } from '../download/contract.ts';
import { listRepo } from '../download/list-repo.ts';
import { openHub, type Hub } from '../download/open-hub.ts';
import { planDownload } from '../download/plan-download.ts';
import { readPlannedRange } from '../download/read-range.ts';
import { Fault } from '../faults.ts';
import { chooseWeights, type WeightsChoice } from './choose-weights.ts';
import { ConvertedRepo } from './converted-repo.ts';
import { planFetch, wantConversion, type ConversionOptions } from './plan-fetch.ts';
import { parseModelConfig, type ModelConfig } from './read-config.ts';
import type { HubReference } from './reference.ts';

/** A model that need not be here; `path` is what people see. */
export type DistantModel =
  | { kind: 'config'; path: string; config: ModelConfig; outtype: Outtype | null }
  | { kind: 'header'; path: string; header: GgufHeader };

/** Raises a fault for a model that must not be fetched. */
export type JudgeModel = (model: DistantModel) => void | Promise<void>;

interface SurveyOptions extends ConversionOptions {
  hubSettings: HubSettings;
  cacheFolder: string;
}

/** What a launch that names `reference` would fetch and serve. Faults: those of the hub, MODEL_UNSUPPORTED. */
export async function surveyRepo(
  reference: HubReference,
  { hubSettings, cacheFolder, ...conversion }: SurveyOptions,
  signal: AbortSignal,
): Promise<{ model: DistantModel; download: DownloadPlan }> {
  const repo = new ConvertedRepo(cacheFolder, { source: hubSettings.source, repo: reference.repo });
  const revision = repo.readCommit(reference.revision) ?? reference.revision;
  const hub = await openHub(hubSettings);
  try {
    const listing = await listRepo(hub, { repo: reference.repo, revision }, { signal });
    const choice = chooseWeights({ ...reference, paths: listing.files.map(({ path }) => path) });
    if (choice.kind === 'gguf') {
      const files = listing.files.filter(({ path }) => path === choice.file);
      const download = await planDownload(hub, listing, { files, destination: { kind: 'cache' } });
      return { model: await readDistantHeader({ hub, listing, path: choice.file }, signal), download };
    }
    const download = await planFetch(wantConversion({ hub, listing, choice, repo }, conversion));
    return { model: await readDistantConfig({ hub, listing, choice }, signal), download };
  } finally {
    await hub.close();
  }
}

/** Of a repository with safetensors. Faults: those of the hub, MODEL_MISSING, MODEL_UNSUPPORTED. */
export async function readDistantConfig(
  {
    hub,
    listing,
    choice,
  }: { hub: Hub; listing: RepoListing; choice: WeightsChoice & { kind: 'safetensors' } },
  signal: AbortSignal,
): Promise<DistantModel> {
  const { path, readRange, sizeBytes } = await openDistant({ hub, listing, path: 'config.json' }, signal);
  const config = parseModelConfig(path, await readRange({ start: 0, end: sizeBytes }));
  return { kind: 'config', path: listing.repo, config, outtype: choice.outtype };
}

async function readDistantHeader(
  place: { hub: Hub; listing: RepoListing; path: string },
  signal: AbortSignal,
): Promise<DistantModel> {
  const gguf = await openDistant(place, signal);
  return { kind: 'header', path: gguf.path, header: await readArrivingGgufHeader(gguf) };
}

interface DistantFile {
  /** With the repository's name. */
  path: string;
  sizeBytes: number;
  readRange: (range: { start: number; end: number }) => Promise<Buffer>;
}

async function openDistant(
  { hub, listing, path }: { hub: Hub; listing: RepoListing; path: string },
  signal: AbortSignal,
): Promise<DistantFile> {
  const files = listing.files.filter((one) => one.path === path);
  const plan = await planDownload(hub, listing, { files, destination: { kind: 'cache' } });
  const [file] = plan.files;
  if (file === undefined) throw new Fault('MODEL_MISSING', { path: listing.repo, problem: `has no ${path}` });
  return {
    path: `${listing.repo}/${path}`,
    sizeBytes: file.sizeBytes,
    readRange: (range) => readPlannedRange({ hub, listing, file }, range, signal),
  };
}
