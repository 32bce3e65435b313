// The first words with a server: what it calls its model, whether it embeds one text, how long the vectors are.
// Whatever is wrong with a URL shows here, as one fault, before any load.
import { Fault } from '../faults.ts';
import { parseVectors, readModelIds, readPromptTokens, readRefusal } from '../client/answer.ts';
import { REFUSAL_HINTS } from '../client/refusal-hints.ts';
import { explainNetworkError } from '../network-error.ts';
import type { Answer, Client } from './client.ts';
import { renderBody } from './texts.ts';

export interface ServerFacts {
  /** What requests name; null if the server lists none and nobody gave one. */
  modelId: string | null;
  dimensions: number;
  /** How vectors came, which need not be what was asked for. */
  encodingFormat: 'base64' | 'float';
  /** Tokens that the server counts in the probe. */
  probeTokens: number | null;
  /** The vector of the probe, to compare two servers by. */
  probeVector: Float32Array;
}

export interface ProbeOptions {
  modelId: string | null;
  encodingFormat: 'base64' | 'float';
  send: 'texts' | 'ids';
}

const PROBE_INPUT = {
  texts: JSON.stringify('The capital of China is Beijing.'),
  // The same text in Qwen3's vocabulary would exceed small ones; these ids are in all.
  ids: '[785,374,279,315]',
};

/** Faults: SERVER_UNREACHABLE, SERVER_UNFIT. */
export async function probe(client: Client, options: ProbeOptions): Promise<ServerFacts> {
  const modelId = options.modelId ?? (await askModelId(client));
  const body = renderBody([PROBE_INPUT[options.send]], renderFields(modelId, options.encodingFormat));
  const answer = await ask(client, client.post(body));
  if (answer.status < 200 || answer.status > 299) throw refusal(client, answer);
  const [probeVector, ...others] = parseVectors(answer.body) ?? [];
  if (probeVector === undefined || others.length > 0) throw unfit(client, 'the answer is not one embedding');
  if (probeVector.length === 0) throw unfit(client, 'the embedding has no values');
  const probeTokens = readPromptTokens(answer.body);
  const encodingFormat = /"embedding"\s*:\s*\[/.test(answer.body.toString('latin1')) ? 'float' : 'base64';
  return { modelId, dimensions: probeVector.length, encodingFormat, probeTokens, probeVector };
}

/** The fields of a body other than its inputs. */
export function renderFields(modelId: string | null, encodingFormat: string): Record<string, unknown> {
  return { ...(modelId === null ? {} : { model: modelId }), encoding_format: encodingFormat };
}

// Servers without a list of models serve one and take any name or none.
async function askModelId(client: Client): Promise<string | null> {
  const { status, body } = await ask(client, client.getModels());
  return status === 200 ? (readModelIds(body.toString('utf8'))[0] ?? null) : null;
}

async function ask(client: Client, answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    const { url, origin } = client.endpoint;
    const problem = explainNetworkError(error);
    throw new Fault('SERVER_UNREACHABLE', { url, origin, problem }, { cause: error });
  }
}

function refusal(client: Client, { status, body }: Answer): Fault {
  const { message } = readRefusal(body.toString('utf8'));
  const said = message === null ? '' : `: ${message.replace(/\s+/g, ' ').replace(/\.$/, '')}`;
  return unfit(client, `the first request got HTTP ${String(status)}${said}`, REFUSAL_HINTS[status]);
}

function unfit(client: Client, problem: string, hint?: string): Fault {
  const { url } = client.endpoint;
  return new Fault('SERVER_UNFIT', { url, problem, ...(hint === undefined ? {} : { hint }) });
}
