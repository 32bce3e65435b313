// What comes of a launch that names a repository, with nobody who watches it.
import type { HubSettings } from '../../../src/download/contract.ts';
import { obtainModel, type ObtainedModel, type ObtainOptions } from '../../../src/models/obtain-model.ts';
import { REPO } from '../download/open-test-hub.ts';

export const REFERENCE = { kind: 'hub', repo: REPO, revision: null, quantization: null } as const;

export const obtainQuietly = (
  folders: { hubSettings: HubSettings; cacheFolder: string },
  options: Partial<ObtainOptions> = {},
): Promise<ObtainedModel> =>
  obtainModel({
    reference: REFERENCE,
    outtype: 'bf16',
    keepSafetensors: false,
    judge: () => undefined,
    report: () => undefined,
    signal: new AbortController().signal,
    ...folders,
    ...options,
  });
