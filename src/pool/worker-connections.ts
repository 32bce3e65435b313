// The connections to one worker: undici's, over its unix socket, dialled again where a refusal passes.
import { buildConnector, Pool } from 'undici';

const REDIAL_MS = 5;
/** The worker's backlog is full, or this process is short of file descriptors: both pass. */
const PASSING_DIAL_ERRORS = new Set(['EAGAIN', 'ECONNREFUSED', 'EMFILE', 'ENFILE']);

/** Nothing is dialled again once `isAlive` says no. */
export function openConnections(socketPath: string, isAlive: () => boolean): Pool {
  const dial = buildConnector({ socketPath, timeout: 0 });
  const connect: buildConnector.connector = (options, callback) => {
    dial(options, (...[error, socket]) => {
      if (error === null) callback(null, socket);
      else if (!isAlive() || !isPassing(error)) callback(error, null);
      else setTimeout(connect, REDIAL_MS, options, callback);
    });
  };
  return new Pool('http://worker', { connect, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
}

const isPassing = (error: NodeJS.ErrnoException): boolean => PASSING_DIAL_ERRORS.has(error.code ?? '');
