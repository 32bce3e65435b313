// Why a host gave no whole answer, in words: the codes of the system and of undici. Pure; who asked and what it means for
// them is the caller's.

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name has no address',
  EAI_AGAIN: 'its name cannot be looked up',
  ECONNREFUSED: 'nothing listens there',
  ENETUNREACH: 'there is no way to its network',
  EHOSTUNREACH: 'there is no way to it',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'it accepts a request and then sends nothing',
  UND_ERR_BODY_TIMEOUT: 'it stopped in the middle of an answer',
  TimeoutError: 'no answer in time',
};

/** ECONNREFUSED, UND_ERR_HEADERS_TIMEOUT ...: the name that users can look up; else the error's own. */
export function networkErrorCode(error: unknown): string {
  // An address for each family was tried; the first is what the others say, too.
  if (error instanceof AggregateError && error.errors.length > 0) return networkErrorCode(error.errors[0]);
  if (!(error instanceof Error)) return 'unknown';
  // The code of a DOMException is a number that nobody knows.
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

/** Part of a sentence about the host. */
export function explainNetworkError(error: unknown): string {
  const code = networkErrorCode(error);
  const message = error instanceof Error ? error.message : String(error);
  return PROBLEMS[code] ?? (message === '' ? code : message);
}
