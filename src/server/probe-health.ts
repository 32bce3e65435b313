// Owns the proof that vectors are being computed: one is asked for, of one token at random so that no cache has it.
// Under a long queue it may wait its turn, or until a full one lets it in; vectors that others got meanwhile are proof as
// well.

import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Embedder, EmbedOptions } from '../embedder.ts';
import { faultFrom } from '../faults.ts';
import type { HandlerContext } from './handler.ts';
import { parsePriority } from './priority-request.ts';
import type { Health } from './service.ts';

/** How long a probe that a full queue refused waits before it asks again. */
const PAUSE_MS = 100;

/** Never rejects. */
export async function probeHealth({ service, metrics, healthTimeoutMs }: HandlerContext): Promise<Health> {
  const { health } = service;
  if (health !== 'healthy') return health;
  const answeredBefore = metrics.done.requests;
  const { embedder } = service;
  try {
    // It waits among those that name no priority, and takes nobody's place.
    const priority = parsePriority({}, service.rules.priority);
    await askVector(embedder, { priority, signal: AbortSignal.timeout(healthTimeoutMs) });
    return service.health;
  } catch {
    return metrics.done.requests > answeredBefore ? service.health : 'unavailable';
  }
}

type Patience = Required<Pick<EmbedOptions, 'signal' | 'priority'>>;

async function askVector(embedder: Embedder, { signal, priority }: Patience): Promise<void> {
  const token = randomInt(embedder.model.vocabularySize);
  for (;;) {
    try {
      await embedder.embed([[token]], { signal, priority });
      return;
    } catch (error) {
      if (faultFrom(error).code !== 'OVERLOADED') throw error;
    }
    await delay(PAUSE_MS, undefined, { signal });
  }
}
