// Owns the polling of what the server does: every few seconds, never while the page is hidden.

import { useEffect, useState } from 'preact/hooks';
import type { Api } from './api.ts';
import { type Load, loadBetween, type LoadReading, readLoad } from './load.ts';

const PERIOD_MS = 3000;
const KEPT = 40;

export interface LiveLoad {
  status: string;
  /** The oldest first; none until the second reading. */
  loads: readonly Load[];
}

/** Null = the server does not say, or asks for a key first. */
export function useLoad(api: Api, restart: unknown): LiveLoad | null {
  const [live, setLive] = useState<LiveLoad | null>(null);
  useEffect(() => {
    let before: LoadReading | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const read = async (): Promise<void> => {
      const { value } = await api.serverInfo();
      if (isOver) return;
      const now = readLoad(value, performance.now());
      const status = (value as { status?: string } | null)?.status ?? 'unknown';
      if (now === null) setLive(null);
      else {
        const load = loadBetween(before, now);
        setLive((last) => ({ status, loads: [...(last?.loads ?? []), load].slice(-KEPT) }));
      }
      before = now;
      schedule(PERIOD_MS);
    };
    const schedule = (afterMs: number): void => {
      clearTimeout(timer);
      if (!document.hidden && !isOver) timer = setTimeout(start, afterMs);
    };
    const start = (): void => {
      read().catch(reportError);
    };
    const follow = (): void => {
      schedule(0);
    };
    document.addEventListener('visibilitychange', follow);
    follow();
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', follow);
    };
  }, [api, restart]);
  return live;
}
