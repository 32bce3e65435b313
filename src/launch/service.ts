// Owns the way from settings to a running service and back: checks, model, server, shutdown in reverse.
// The port is bound first: a taken one is told at once, and /health answers "starting" while the model loads.
// Knows no terminal and no signals; who starts a service decides when it ends.
import { statSync } from 'node:fs';
import type { Settings } from '../config/options.ts';
import type { Fault } from '../faults.ts';
import type { ModelReference } from '../models/reference.ts';
import { readModelPrompts, type ModelPrompts } from '../models/prompts.ts';
import type { WorkerPool } from '../pool/worker-pool.ts';
import type { ChatTemplate } from '../server/chat-template.ts';
import type { RequestRules } from '../server/request-rules.ts';
import { openServer, type Server } from '../server/server.ts';
import { describeRequests } from './describe-requests.ts';
import { openModelTemplate, openTemplateFile } from './chat-template.ts';
import {
  bringModel,
  nameModel,
  openModel,
  type NamedModel,
  type OpenModel,
  type StartOptions,
} from './open-model.ts';
import type { Attempt } from './plan.ts';
import { planRequestRules } from './request-rules.ts';
import { planServer } from './server-plan.ts';
import { readVersion } from './version.ts';
import { warmUp } from './warm-up.ts';

export interface Service {
  url: string;
  modelName: string;
  attempt: Attempt;
  /** Resolves with WORKERS_GIVEN_UP when only a new process would help; the server goes on and says so. */
  readonly givenUp: Promise<Fault>;
  /** Refuses new requests, lets those in flight finish within the grace period, ends the workers. */
  close(): Promise<void>;
}

/** Resolves when the first vector has been computed. Faults: those of every room below; nothing is left open then. */
export async function startService(wanted: StartOptions): Promise<Service> {
  const closers: Closer[] = [];
  try {
    return await openAll(nameModel(wanted), closers);
  } catch (error) {
    for (const close of closers.reverse()) await close();
    throw error;
  }
}

/** Undoes one step of a start that fails. */
type Closer = () => Promise<void>;

async function openAll(named: NamedModel, closers: Closer[]): Promise<Service> {
  const { settings, progress } = named.options;
  const keep = (template: ChatTemplate | null): ChatTemplate | null => {
    if (template !== null) closers.push(() => template.close());
    return template;
  };
  const { chatTemplate: path, chatTemplateName: name } = settings;
  const namedTemplate = path === null ? null : keep(await openTemplateFile(path, name));
  const server = await openFront(named);
  closers.push(() => server.close({ graceMs: 0 }));
  const found = await bringModel(named);
  const modelPrompts = readModelPrompts(found);
  const rules = planRequestRules(settings, modelPrompts);
  const model = await openModel(found, named.options);
  closers.push(() => model.pool.close());
  const tellProblem = (problem: string): void => {
    progress.log('warn', `messages are refused: ${problem}`, {});
  };
  const chatTemplate = namedTemplate ?? keep(await openModelTemplate(model.modelFile, name, tellProblem));
  return joinBoth(server, model, { named, chatTemplate, modelPrompts, rules });
}

const modelNameOf = ({ name, options }: NamedModel): string => options.settings.servedModelName ?? name;

/** Listens and answers "starting". */
function openFront(named: NamedModel): Promise<Server> {
  const { log, logHttp } = named.options.progress;
  const createdUnixSeconds = Math.floor(modelTimeMs(named.reference) / 1000);
  return openServer({
    ...planServer(named.options.settings, readVersion()),
    model: { id: modelNameOf(named), createdUnixSeconds },
    log: ({ kind, level, message, ...fields }) => {
      (kind === 'access' ? logHttp : log)(level, message, fields);
    },
  });
}

/** How the model is served. */
interface Terms {
  named: NamedModel;
  chatTemplate: ChatTemplate | null;
  modelPrompts: ModelPrompts | null;
  rules: RequestRules;
}

/** The server answers with the workers' vectors from here on. */
async function joinBoth(
  server: Server,
  { pool, attempt }: OpenModel,
  { named, chatTemplate, modelPrompts, rules }: Terms,
): Promise<Service> {
  const { settings, progress } = named.options;
  const modelName = modelNameOf(named);
  if (!settings.skipServerWarmup) {
    progress.onStep('warming up');
    await warmUp(pool, { takesTexts: rules.takesTexts, timeoutSeconds: settings.warmUpTimeoutSeconds });
  }
  const facts = { model: pool.model, modelName, rules, modelPrompts };
  progress.log('info', describeRequests({ ...facts, hasChatTemplate: chatTemplate !== null }), {});
  server.serve(pool, { ...watchOf(pool), rules, chatTemplate });
  const close = async (): Promise<void> => {
    await shutDown(server, pool, settings);
    await chatTemplate?.close();
  };
  return { url: server.url, modelName, attempt, givenUp: pool.givenUp, close };
}

/** What the server asks of its workers beside vectors. */
const watchOf = (pool: WorkerPool) => ({
  isLive: () => pool.status().workers.some(({ state }) => state === 'ready'),
  checkRoom: () => {
    pool.checkRoom();
  },
  fleet: () => pool.status(),
  failure: () => pool.status().failure,
});

// A repository's files may not be here yet.
function modelTimeMs(reference: ModelReference): number {
  return reference.kind === 'hub' ? Date.now() : statSync(reference.path).mtimeMs;
}

async function shutDown(server: Server, pool: WorkerPool, settings: Settings<'launch'>): Promise<void> {
  await server.close({ graceMs: settings.gracePeriodSeconds * 1000 });
  await pool.close();
}
