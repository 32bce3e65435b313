// What programs call in place of commands: the same settings by the names of the options in camel case, all of them
// optional. The environment's QWEN_EMBED_... and files of options are the command line's; they are not read here.
// Knows no terminal: who wants to see what happens passes a listener.
import { checkCalls } from './checked-embedder.ts';
import { completeSettings, type SomeSettings } from './config/complete.ts';
import type { Snapshot } from './download/contract.ts';
import { openHub } from './download/open-hub.ts';
import type { Embedder } from './embedder.ts';
import { bringModel, nameModel, openModel, type Progress, type StartOptions } from './launch/open-model.ts';
import { startService as startPlannedService, type Service } from './launch/service.ts';
import { carryOutDownload, planRepoDownload } from './models/download-repo.ts';
import { readPlaces } from './models/places.ts';
import { refineReference } from './models/reference.ts';

/** Options that say what a command prints or reads. */
type OfCommandLine = 'dryRun' | 'json' | 'config' | 'logLevel' | 'logLevelHttp' | 'staysWhenFailed';

/** Options of `launch`; docs/flags.md says what each is. */
export type LaunchSettings = Omit<SomeSettings<'launch'>, OfCommandLine>;
/** Options of `download`. */
export type DownloadSettings = Omit<SomeSettings<'download'>, OfCommandLine>;

export interface Watch {
  /** What is not listened to is not told. */
  progress?: Partial<Progress>;
  /** Aborting ends the start with the fault CANCELLED and leaves nothing behind. */
  signal?: AbortSignal;
}

const SILENT: Progress = {
  onStep: () => undefined,
  onConversion: () => undefined,
  onDownload: () => undefined,
  log: () => undefined,
  logHttp: () => undefined,
};

/** `qwen-embed launch`: resolves when the server answers. Without `modelPath` it serves the model that ships. */
export function startService(settings: LaunchSettings = {}, watch: Watch = {}): Promise<Service> {
  return startPlannedService(readStart(settings, watch));
}

/**
 * The same model without a server, in worker processes: a driver that aborts ends a worker, not the program. Settings of
 * the network are without effect. Resolves when every worker has computed a text.
 */
export async function openEngine(settings: LaunchSettings = {}, watch: Watch = {}): Promise<Embedder> {
  const named = nameModel(readStart(settings, watch));
  const { pool } = await openModel(await bringModel(named), named.options);
  return checkCalls(pool);
}

/** `qwen-embed download`: a repository's files, verified, in the hub's cache or in `localDir`. */
export async function download(
  repo: string,
  settings: DownloadSettings = {},
  watch: Watch = {},
): Promise<Snapshot> {
  const wanted = completeSettings('download', settings);
  const { signal = new AbortController().signal, progress } = watch;
  const reference = refineReference(repo, wanted);
  const { hubSettings, cacheFolder } = readPlaces(wanted);
  const hub = await openHub(hubSettings);
  try {
    const plan = await planRepoDownload(hub, { reference, ...wanted }, signal);
    const report = progress?.onDownload ?? SILENT.onDownload;
    return await carryOutDownload({ hub, plan }, { reference, cacheFolder }, { report, signal });
  } finally {
    await hub.close();
  }
}

function readStart(settings: LaunchSettings, { progress, signal }: Watch): StartOptions {
  return {
    settings: completeSettings('launch', settings),
    progress: { ...SILENT, ...progress },
    ...(signal === undefined ? {} : { signal }),
  };
}
