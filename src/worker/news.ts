// What travels between the pool and a worker as IPC messages: the order to start, and news of the worker's life.
// Believes nothing, as protocol.ts.
import { MOST_NOTED_IDS, type Note } from '../embedder.ts';
import type { Fault, WireFault } from '../faults.ts';
import { isObject } from '../json-object.ts';
import { malformed } from './distrust.ts';
import { checkVersion, faultFromPeer, PROTOCOL_VERSION } from './protocol.ts';

/** Pool to worker, once: what to load and where to listen. Not argv, which other users can read. */
export interface StartOrder {
  kind: 'start';
  protocol: number;
  socketPath: string;
  settings: unknown;
}

/** Pool to worker, once it is ready: finish what is in flight and end. Signals are not for that: anyone sends them. */
export interface StopOrder {
  kind: 'stop';
}

interface Hang {
  kind: 'hang';
  /** What takes too long. */
  problem: string;
}

interface NoteNews {
  kind: 'note';
  note: Note;
}

/**
 * Worker to pool: once that it listens, or cannot; later, perhaps, that it hangs and wants to be killed, and lines for
 * the log.
 */
export type WorkerNews = { kind: 'ready' } | { kind: 'fault'; fault: WireFault } | Hang | NoteNews;

export function parseStartOrder(message: unknown): StartOrder {
  if (!isObject(message) || message['kind'] !== 'start') throw malformed('the first message is no order');
  checkVersion(message['protocol']);
  const { socketPath, settings } = message;
  if (typeof socketPath !== 'string') throw malformed('the order names no socket');
  return { kind: 'start', protocol: PROTOCOL_VERSION, socketPath, settings };
}

export const isStopOrder = (message: unknown): message is StopOrder =>
  isObject(message) && message['kind'] === 'stop';

/** null for a message that is not for the pool. */
export function parseWorkerNews(
  message: unknown,
): { kind: 'ready' } | { kind: 'fault'; fault: Fault } | Hang | NoteNews | null {
  if (!isObject(message)) return null;
  const { kind, problem, fault } = message;
  if (kind === 'ready') return { kind };
  if (kind === 'hang') return { kind, problem: String(problem) };
  if (kind === 'note') return { kind, note: parseNote(message['note']) };
  return kind === 'fault' ? { kind, fault: faultFromPeer(fault) } : null;
}

const MOST_MESSAGE_CHARACTERS = 500;

function parseNote(value: unknown): Note {
  const { level, message, requestIds } = isObject(value) ? value : {};
  const ids: readonly unknown[] = Array.isArray(requestIds) ? requestIds : [];
  return {
    level: level === 'info' ? 'info' : 'warn',
    message: String(message).slice(0, MOST_MESSAGE_CHARACTERS),
    requestIds: ids.slice(0, MOST_NOTED_IDS).filter((id) => typeof id === 'string'),
  };
}
