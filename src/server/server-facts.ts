// What /model_info, /server_info and /v1/models answer: SGLang's names and types, which its gateway parses strictly (one
// wrong type loses it the whole object). Pure.

import { countRunning } from './metric-rows.ts';
import type { Metrics } from './metrics.ts';
import type { Service } from './service.ts';

export interface ServedModel {
  /** The name in /v1/models and in every answer. */
  id: string;
  createdUnixSeconds: number;
}

/** The launch settings in SGLang's names, `model_path` for --model-path, and `version`; no secret is among them. */
export type PublicSettings = Readonly<Record<string, unknown>>;

interface Facts {
  model: ServedModel;
  settings: PublicSettings;
  service: Service;
  metrics: Metrics;
}

/** Hugging Face's names of the one architecture that the engine accepts. */
const MODEL_TYPE = 'qwen3';
const ARCHITECTURES = ['Qwen3ForCausalLM'];

// `max_model_len` is SGLang's and vLLM's word for the longest input; clients of both read it.
export function renderModelCard({ model, service }: Omit<Facts, 'settings' | 'metrics'>): object {
  const { id, createdUnixSeconds: created } = model;
  const card = { id, object: 'model', created, owned_by: 'qwen-embed', root: id, parent: null };
  const { contextTokens } = service;
  return contextTokens === null ? card : { ...card, max_model_len: contextTokens };
}

export function weightVersionOf({ weight_version: version }: PublicSettings): string {
  return typeof version === 'string' ? version : 'default';
}

export function versionOf({ version }: PublicSettings): string {
  return typeof version === 'string' ? version : 'unknown';
}

export function renderModelInfo({ model, settings }: Omit<Facts, 'metrics'>): object {
  const path = settings['model_path'] ?? model.id;
  return {
    model_path: path,
    tokenizer_path: settings['tokenizer_path'] ?? path,
    is_generation: false,
    preferred_sampling_params: settings['preferred_sampling_params'] ?? null,
    weight_version: weightVersionOf(settings),
    has_image_understanding: false,
    has_audio_understanding: false,
    model_type: MODEL_TYPE,
    architectures: ARCHITECTURES,
  };
}

export function renderServerInfo(facts: Facts): object {
  const { model, settings, service, metrics } = facts;
  return {
    tp_size: 1,
    dp_size: 1,
    ...settings,
    version: versionOf(settings),
    model_path: settings['model_path'] ?? model.id,
    served_model_name: model.id,
    is_embedding: true,
    load_balance_method: balanceOf(settings),
    disaggregation_mode: 'null',
    kv_events: null,
    speculative_algorithm: null,
    status: service.health === 'healthy' ? 'ready' : service.health,
    max_req_input_len: service.contextTokens,
    load: renderLoad(metrics, service),
    internal_states: service.fleet.workers.map(({ state, deaths }) => ({ state, deaths })),
  };
}

// What `auto` and what has no meaning here come to: the worker with the fewest bytes of text gets the next request.
function balanceOf({ load_balance_method: named }: PublicSettings): string {
  return named === 'round_robin' || named === 'total_requests' ? named : 'total_tokens';
}

/** SGLang's `/get_load`: an entry per worker. What waits, and tokens, are the pool's own and stand at the first. */
export function renderLoads({ fleet }: Service): object[] {
  const [waiting, tokens] = [fleet.waiting, fleet.openTokens];
  return fleet.workers.map(({ inFlight }, rank) => ({
    dp_rank: rank,
    num_reqs: inFlight + (rank === 0 ? waiting : 0),
    num_waiting_reqs: rank === 0 ? waiting : 0,
    num_tokens: rank === 0 ? tokens : 0,
    num_pending_tokens: 0,
    ts_tic: performance.now() / 1000,
  }));
}

// Named as the metrics that say the same.
function renderLoad({ openEmbeddings, done }: Metrics, { fleet }: Service): object {
  return {
    num_running_reqs: countRunning({ openEmbeddings, fleet }),
    num_queue_reqs: fleet.waiting,
    num_requests_total: done.requests,
    num_inputs_total: done.inputs,
    prompt_tokens_total: done.tokens,
  };
}
