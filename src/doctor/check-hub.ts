// Looks at whether models can be downloaded from here: one small request to the hub that a launch would ask.
import { EnvHttpProxyAgent, request } from 'undici';
import { readPlaces } from '../models/places.ts';
import { explainNetworkError } from '../network-error.ts';
import { type Finding, notChecked, ok, type Patient, warning } from './finding.ts';

const TIMEOUT_MS = 5000;

const ADVICE =
  'launch from a folder that is here; or name a mirror: HF_ENDPOINT=https://hf-mirror.com, or QWEN_EMBED_SOURCE=modelscope';

export async function checkHub({ settings, env }: Patient): Promise<Finding> {
  const { endpoint, offline } = readPlaces(settings, env).hubSettings;
  if (offline) return notChecked(`${endpoint}: the environment says offline (HF_HUB_OFFLINE)`);
  const dispatcher = new EnvHttpProxyAgent();
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const { statusCode, body } = await request(endpoint, { method: 'HEAD', dispatcher, signal });
    await body.dump();
    if (statusCode < 500) return ok(`${endpoint} answers`);
    return warning(`${endpoint} answers HTTP ${String(statusCode)}`, ADVICE);
  } catch (error) {
    return warning(`${endpoint} cannot be reached: ${explainNetworkError(error)}`, ADVICE);
  } finally {
    await dispatcher.destroy();
  }
}
