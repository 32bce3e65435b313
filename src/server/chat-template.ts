// Makes a text of a conversation by the model's chat template, within limits of time and memory.
// One thread renders one conversation at a time; one that overstays is ended and the next gets a new thread.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Fault } from '../faults.ts';
import type { Conversation } from './conversation.ts';
import type { TemplateReply } from './template-thread.ts';

export interface TemplateLimits {
  /** For one conversation. The published template takes 1 ms for a dozen messages. */
  timeoutMs: number;
  memoryMegabytes: number;
}

const DEFAULT_LIMITS: TemplateLimits = { timeoutMs: 2000, memoryMegabytes: 128 };

/** A new thread loads its template before it renders; on a busy machine that takes longer than the work. */
const START_TIMEOUT_MS = 10_000;

export interface TemplateSource {
  template: string;
  /** What templates call by these names; empty where the model has none. */
  specialTokens: { bos_token: string; eos_token: string };
}

export class ChatTemplate {
  readonly #source: TemplateSource;
  readonly #limits: TemplateLimits;
  #thread: Worker | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(source: TemplateSource, limits: Partial<TemplateLimits> = {}) {
    this.#source = source;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
  }

  /** Conversations are rendered in the order of their coming. Faults: INVALID_REQUEST. */
  render(conversation: Conversation): Promise<string> {
    const rendered = this.#last.then(() => this.#render(conversation));
    this.#last = rendered.catch(() => undefined);
    return rendered;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#thread?.terminate();
    this.#thread = null;
  }

  async #render({ messages, addGenerationPrompt, variables }: Conversation): Promise<string> {
    const reply = await this.#ask({
      ...variables,
      ...this.#source.specialTokens,
      messages,
      add_generation_prompt: addGenerationPrompt,
    });
    if ('problem' in reply) throw refusal(reply.problem);
    if (reply.text === '') throw new Fault('INPUT_EMPTY', { index: null });
    return reply.text;
  }

  /** The thread's reply; its death or its lateness is one, too. */
  async #ask(variables: Record<string, unknown>): Promise<TemplateReply> {
    let thread: Worker | null = null;
    try {
      thread = this.#thread ?? this.#start();
      if (this.#thread === null) await nextMessage(thread, START_TIMEOUT_MS);
      this.#thread = thread;
      thread.postMessage(variables);
      return (await nextMessage(thread, this.#limits.timeoutMs)) as TemplateReply;
    } catch (error) {
      this.#thread = null;
      await thread?.terminate();
      return { problem: describe(error) };
    }
  }

  #start(): Worker {
    const thread = new Worker(new URL('./template-thread.js', import.meta.url), {
      workerData: this.#source.template,
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.memoryMegabytes },
      execArgv: [],
      env: {},
    });
    // Whoever waits for a reply hears of its death; between replies it is nobody's concern.
    thread.on('error', () => undefined);
    thread.once('exit', () => {
      if (this.#thread === thread) this.#thread = null;
    });
    thread.unref();
    return thread;
  }
}

async function nextMessage(thread: Worker, timeoutMs: number): Promise<unknown> {
  const over = new AbortController();
  const timer = setTimeout(() => {
    over.abort();
  }, timeoutMs);
  try {
    const [message] = (await once(thread, 'message', { signal: over.signal })) as [unknown];
    return message;
  } finally {
    clearTimeout(timer);
  }
}

function describe(error: unknown): string {
  const { code, name, message } = error as NodeJS.ErrnoException;
  if (name === 'AbortError') return 'it did not end in time';
  return code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'it wants too much memory' : message;
}

function refusal(problem: string): Fault {
  return new Fault('INVALID_REQUEST', {
    param: 'messages',
    problem: `the chat template refuses the messages: ${problem}`,
    hint: 'see the template: launch with --chat-template FILE to use another',
  });
}
