// Owns how a launch comes by a repository's model: options and environment in, one .gguf file on this disk out.
import type { Settings } from '../config/options.ts';
import { findConverted, obtainModel } from '../models/obtain-model.ts';
import { readPlaces } from '../models/places.ts';
import { refineReference, type HubReference } from '../models/reference.ts';
import { surveyRepo } from '../models/survey-repo.ts';
import { readHost } from './machine.ts';
import { planOuttype } from './outtype.ts';
import { planService } from './plan-service.ts';
import type { StartOptions } from './open-model.ts';

/** The file of an earlier launch with these settings; null when there is none. */
export function findFetched(named: HubReference, settings: Settings<'launch'>): string | null {
  const reference = refineReference(named, settings);
  const { outtype } = planOuttype(settings, readHost());
  return findConverted({ reference, outtype, ...readPlaces(settings) })?.file ?? null;
}

/** What would be fetched, and of which model. Asks the hub; keeps nothing. Faults: those of the hub. */
export function surveyUnfetched(
  named: HubReference,
  settings: Settings<'launch'>,
): ReturnType<typeof surveyRepo> {
  const reference = refineReference(named, settings);
  const { outtype } = planOuttype(settings, readHost());
  const { keepSafetensors } = settings;
  const options = { ...readPlaces(settings), outtype, keepSafetensors };
  return surveyRepo(reference, options, new AbortController().signal);
}

/** Resolves with the file. Faults: those of the hub, the plan, the download and the conversion. */
export async function fetchModel(named: HubReference, options: StartOptions): Promise<string> {
  const { settings, progress, signal = new AbortController().signal } = options;
  const { outtype, reason } = planOuttype(settings, readHost());
  const reference = refineReference(named, settings);
  progress.onStep(`looking for ${reference.repo}`);
  const { file, commit, type, origin } = await obtainModel({
    reference,
    ...readPlaces(settings),
    outtype,
    keepSafetensors: settings.keepSafetensors,
    // What cannot be served here is not fetched either.
    judge: async (model) => {
      await planService(settings, model, options.askGpus);
    },
    report: progress.onDownload,
    onProgress: progress.onConversion,
    onWarning: (warning) => {
      progress.log('warn', warning, {});
    },
    signal,
  });
  progress.log('info', `${reference.repo}: ${type}, commit ${commit.slice(0, 12)}, ${origin}`, { file });
  if (type === outtype) progress.log('info', `weights: ${outtype}, ${reason}`, {});
  else if (settings.dtype !== 'auto')
    progress.log('warn', `--dtype ${settings.dtype} has no effect: the weights are ${type} already`, {});
  return file;
}
