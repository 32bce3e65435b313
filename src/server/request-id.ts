// The name of one request in its answer and in the log: the sender's own where it is sane, else a new one.

import { randomUUID } from 'node:crypto';

// Short enough for a log line and free of what could break one up.
const SANE = /^[\w.:/+=@-]{1,128}$/;

export function requestIdFrom(header: string | string[] | undefined): string {
  return typeof header === 'string' && SANE.test(header) ? header : `req_${randomUUID().replaceAll('-', '')}`;
}
