// Owns the proof that vectors are being computed: one is asked for, of one token at random so that no cache has it.
// Under a long queue it may wait its turn; vectors that others got meanwhile are proof as well.

import { randomInt } from 'node:crypto';
import type { HandlerContext } from './handler.ts';
import type { Health } from './service.ts';

/** Never rejects. */
export async function probeHealth({ service, metrics, healthTimeoutMs }: HandlerContext): Promise<Health> {
  const { health } = service;
  if (health !== 'healthy') return health;
  const answeredBefore = metrics.embeddedCount;
  const { embedder } = service;
  try {
    const token = randomInt(embedder.model.vocabularySize);
    await embedder.embed([[token]], { signal: AbortSignal.timeout(healthTimeoutMs) });
    return service.health;
  } catch {
    return metrics.embeddedCount > answeredBefore ? service.health : 'unavailable';
  }
}
