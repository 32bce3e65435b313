// Who may call a route: the two keys, and which of them each kind of access takes. Compares in constant time and never
// shows a key. Knows no route: rows say their access.
//
//   access   | no key set | api key only | admin key only | both
//   ---------+------------+--------------+----------------+----------
//   open     | open       | open         | open           | open
//   serve    | open       | api          | open           | either
//   inspect  | open       | api          | admin          | either
//   manage   | open       | api          | admin          | admin

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Fault } from '../faults.ts';

export type Access = 'open' | 'serve' | 'inspect' | 'manage';

/** Null where the server was started without it. */
export interface Keys {
  api: string | null;
  admin: string | null;
}

type Digest = Buffer;

export class Gate {
  readonly #accepted: Record<Access, readonly Digest[]>;

  constructor({ api, admin }: Keys) {
    const either = digestsOf(api, admin);
    this.#accepted = {
      open: [],
      serve: api === null ? [] : either,
      inspect: either,
      manage: admin === null ? digestsOf(api) : digestsOf(admin),
    };
  }

  /** Fault: UNAUTHORIZED. */
  check(access: Access, headers: IncomingHttpHeaders): void {
    const accepted = this.#accepted[access];
    if (accepted.length === 0) return;
    const shown = keysIn(headers);
    // Every pair is compared: which one fits, if any, takes no time to tell.
    const fits = shown.flatMap((key) => accepted.map((digest) => timingSafeEqual(digestOf(key), digest)));
    if (!fits.includes(true)) throw new Fault('UNAUTHORIZED', { isMissing: shown.length === 0 });
  }
}

/** `Authorization: Bearer KEY`, as OpenAI's clients send it, or `x-api-key: KEY`. */
function keysIn({ authorization, 'x-api-key': plain }: IncomingHttpHeaders): string[] {
  const bearer = /^bearer +(\S.*)$/i.exec(authorization ?? '')?.[1]?.trimEnd();
  return [bearer, plain].filter((key): key is string => typeof key === 'string' && key !== '');
}

function digestsOf(...keys: (string | null)[]): Digest[] {
  return keys.filter((key) => key !== null).map(digestOf);
}

// Digests are of one length, which comparing in constant time needs and a key's own length would tell.
function digestOf(key: string): Digest {
  return createHash('sha256').update(key).digest();
}
