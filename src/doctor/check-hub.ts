// Looks at whether models can be downloaded from here: one small request to the hub that the environment names.
import { EnvHttpProxyAgent, request } from 'undici';
import { readHubSettings } from '../download/settings.ts';
import type { Finding, Patient } from './checks.ts';
import { notChecked, ok, warning } from './finding.ts';

const TIMEOUT_MS = 5000;

const ADVICE =
  'launch from a folder that is here; or name a mirror: HF_ENDPOINT=https://hf-mirror.com, or QWEN_EMBED_SOURCE=modelscope';

export async function checkHub({ env }: Patient): Promise<Finding> {
  const { endpoint, offline } = readHubSettings(env);
  if (offline) return notChecked(`${endpoint}: the environment says offline (HF_HUB_OFFLINE)`);
  const dispatcher = new EnvHttpProxyAgent();
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const { statusCode, body } = await request(endpoint, { method: 'HEAD', dispatcher, signal });
    await body.dump();
    if (statusCode < 500) return ok(`${endpoint} answers`);
    return warning(`${endpoint} answers HTTP ${String(statusCode)}`, ADVICE);
  } catch (error) {
    return warning(`${endpoint} cannot be reached: ${explain(error)}`, ADVICE);
  } finally {
    await dispatcher.destroy();
  }
}

function explain(error: unknown): string {
  const { name, code, message } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError') return `no answer within ${String(TIMEOUT_MS / 1000)} s`;
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}
