// Reads the environment that Python's hub tools also read: endpoints, tokens, cache folders, offline, proxies.
// Pure; the token file is only named here, and read by `openHub`.
import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { Fault } from '../faults.ts';
import type { HubSettings, HubSource, HubTiming } from './contract.ts';

/** What the caller's own options say; each beats the environment. */
export interface HubOverrides {
  source?: HubSource;
  endpoint?: string;
  token?: string;
  cacheFolder?: string;
  offline?: boolean;
  timing?: Partial<HubTiming>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const TIMING: HubTiming = {
  tries: 5,
  connectMs: 10_000,
  listingMs: 10_000,
  idleMs: 10_000,
  firstWaitMs: 1_000,
  longestWaitMs: 8_000,
  // The Hub counts requests in windows of five minutes.
  patienceMs: 310_000,
  lockStaleMs: 30_000,
  lookMs: 100,
};

/** Per source: where it lives, and the variables that its own tools read, the first that is set first. */
const SOURCES = {
  huggingface: {
    endpoint: 'https://huggingface.co',
    endpointNames: ['HF_ENDPOINT'],
    tokenNames: ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'],
  },
  modelscope: {
    endpoint: 'https://modelscope.cn',
    endpointNames: ['MODELSCOPE_ENDPOINT', 'MODELSCOPE_DOMAIN'],
    tokenNames: ['MODELSCOPE_API_TOKEN'],
  },
} as const;

/** Pure in its arguments and the user's home folder. Faults: BAD_OPTION. */
export function readHubSettings(
  env: Environment,
  overrides: HubOverrides = {},
  home = homeFolder(),
): HubSettings {
  const source = overrides.source ?? readSource(env);
  return {
    source,
    endpoint: readEndpoint(env, source, overrides.endpoint),
    token: readToken(env, source, { given: overrides.token, home }),
    cacheFolder: resolve(overrides.cacheFolder ?? readCacheFolder(env, home)),
    offline: overrides.offline ?? (isOn(env['HF_HUB_OFFLINE']) || isOn(env['TRANSFORMERS_OFFLINE'])),
    symlinks: !isOn(env['HF_HUB_DISABLE_SYMLINKS']),
    proxies: {
      http: firstOf(env, ['http_proxy', 'HTTP_PROXY']) ?? '',
      https: firstOf(env, ['https_proxy', 'HTTPS_PROXY']) ?? '',
      except: firstOf(env, ['no_proxy', 'NO_PROXY']) ?? '',
    },
    timing: { ...TIMING, ...readTiming(env), ...overrides.timing },
  };
}

/** Never the folder of the call, which HOME="" would give; of a number without a user, as containers have, Docker's `/`. */
export function homeFolder(): string {
  try {
    return homedir() || userInfo().homedir;
  } catch {
    return '/';
  }
}

function readSource(env: Environment): HubSource {
  const usual = isOn(env['SGLANG_USE_MODELSCOPE']) ? 'modelscope' : 'huggingface';
  const given = firstOf(env, ['QWEN_EMBED_SOURCE']) ?? usual;
  if (given === 'hf' || given === 'huggingface') return 'huggingface';
  if (given === 'modelscope') return 'modelscope';
  throw new Fault('BAD_OPTION', {
    option: 'QWEN_EMBED_SOURCE',
    problem: `${JSON.stringify(given)} is neither huggingface nor modelscope`,
  });
}

function readEndpoint(env: Environment, source: HubSource, given: string | undefined): string {
  const { endpoint, endpointNames } = SOURCES[source];
  const text = given ?? firstOf(env, endpointNames) ?? endpoint;
  const withScheme = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Fault('BAD_OPTION', {
      option: endpointNames[0],
      problem: `${JSON.stringify(text)} is no http or https address`,
    });
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function readToken(
  env: Environment,
  source: HubSource,
  { given, home }: { given: string | undefined; home: string },
): HubSettings['token'] {
  const value = given ?? firstOf(env, SOURCES[source].tokenNames);
  if (value !== undefined) return { value: value.trim() };
  if (source !== 'huggingface' || isOn(env['HF_HUB_DISABLE_IMPLICIT_TOKEN'])) return null;
  const named = firstOf(env, ['HF_TOKEN_PATH']);
  return { file: named === undefined ? join(readHome(env, home), 'token') : expand(named, env, home) };
}

function readCacheFolder(env: Environment, home: string): string {
  const named = firstOf(env, ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE']);
  return named === undefined ? join(readHome(env, home), 'hub') : expand(named, env, home);
}

function readHome(env: Environment, home: string): string {
  const named = firstOf(env, ['HF_HOME']);
  if (named !== undefined) return expand(named, env, home);
  const caches = firstOf(env, ['XDG_CACHE_HOME']);
  return join(caches === undefined ? join(home, '.cache') : expand(caches, env, home), 'huggingface');
}

// Whole seconds, as Python's tools take them.
function readTiming(env: Environment): Partial<HubTiming> {
  const [idleMs, listingMs] = ['HF_HUB_DOWNLOAD_TIMEOUT', 'HF_HUB_ETAG_TIMEOUT'].map((name) =>
    readSeconds(env, name),
  );
  return { ...(idleMs === undefined ? {} : { idleMs }), ...(listingMs === undefined ? {} : { listingMs }) };
}

function readSeconds(env: Environment, name: string): number | undefined {
  const seconds = firstOf(env, [name]);
  if (seconds === undefined) return undefined;
  if (!/^\d+$/.test(seconds) || Number(seconds) === 0)
    throw new Fault('BAD_OPTION', {
      option: name,
      problem: `${JSON.stringify(seconds)} is no whole number of seconds above zero`,
    });
  return Number(seconds) * 1_000;
}

/** `~` and `$NAME` in a path; an unset name stays as it is. */
function expand(path: string, env: Environment, home: string): string {
  return path
    .replace(/^~(?=$|[/\\])/, () => home)
    .replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced?: string, plain?: string) => {
      return env[braced ?? plain ?? ''] ?? whole;
    });
}

// An empty variable counts as unset.
function firstOf(env: Environment, names: readonly string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value.trim() !== '');
}

const isOn = (value: string | undefined): boolean => /^(1|on|yes|true)$/i.test(value?.trim() ?? '');
