// Owns the proof that vectors are being computed: one is asked for, of one token at random so that no cache has it.
// Under a long queue it may wait its turn, or until a full one lets it in; vectors that others got meanwhile are proof as
// well.

import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Embedder } from '../embedder.ts';
import { faultFrom } from '../faults.ts';
import type { HandlerContext } from './handler.ts';
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
    await askVector(embedder, AbortSignal.timeout(healthTimeoutMs));
    return service.health;
  } catch {
    return metrics.done.requests > answeredBefore ? service.health : 'unavailable';
  }
}

async function askVector(embedder: Embedder, signal: AbortSignal): Promise<void> {
  const token = randomInt(embedder.model.vocabularySize);
  for (;;) {
    try {
      await embedder.embed([[token]], { signal });
      return;
    } catch (error) {
      if (faultFrom(error).code !== 'OVERLOADED') throw error;
    }
    await delay(PAUSE_MS, undefined, { signal });
  }
}
