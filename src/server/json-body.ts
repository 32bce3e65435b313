// From the bytes of a request to its JSON value; what is not JSON is refused here and nowhere else.
// Knows no route: what the value must be is each route's concern.

import type { IncomingHttpHeaders } from 'node:http';
import { Fault } from '../faults.ts';

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json$/i;

/** A missing content type passes: the body then has to prove itself. Faults: MEDIA_TYPE, CONTENT_ENCODING. */
export function checkBodyHeaders(headers: IncomingHttpHeaders): void {
  const { 'content-type': contentType, 'content-encoding': encoding = 'identity' } = headers;
  const mediaType = (contentType ?? '').split(';', 1)[0]?.trim() ?? '';
  if (mediaType !== '' && !JSON_TYPE.test(mediaType)) {
    throw new Fault('MEDIA_TYPE', { contentType: mediaType });
  }
  if (encoding.toLowerCase() !== 'identity') throw new Fault('CONTENT_ENCODING', { encoding });
}

// What a parser makes values of: brackets and colons. Numbers and texts of a list are not counted, a request may have
// millions. A message has three; objects in 64 MiB of body would fill gigabytes.
const STRUCTURE_LIMIT = 65_536;

/** Fault: INVALID_REQUEST, with the place where the JSON broke. */
export function parseJson(bytes: Uint8Array | undefined): unknown {
  // Fewer bytes than the limit cannot hold more.
  if (bytes !== undefined && bytes.length > STRUCTURE_LIMIT && isExcessive(bytes))
    throw invalid(`the body has more than ${String(STRUCTURE_LIMIT)} objects, arrays and fields`);
  const text = bytes === undefined ? '' : decodeUtf8(bytes);
  if (text.trim() === '') throw invalid('the body is empty, it must be a JSON object');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw invalid(`the body is not JSON: ${describe(error as SyntaxError)}`, error);
  }
}

function isExcessive(bytes: Uint8Array): boolean {
  let [marks, inString] = [0, false];
  for (let at = 0; at < bytes.length && marks <= STRUCTURE_LIMIT; at++) {
    const byte = bytes[at];
    if (byte === 0x22) inString = !inString;
    else if (inString) at += byte === 0x5c ? 1 : 0;
    else if (byte === 0x3a || byte === 0x5b || byte === 0x7b) marks++;
  }
  return marks > STRUCTURE_LIMIT;
}

// A replacement character in place of broken bytes would be embedded as if the sender had meant it.
function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw invalid('the body is not UTF-8', error);
  }
}

// V8 names the position, or shows the text around it; its sentence starts with a capital.
function describe({ message }: SyntaxError): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

function invalid(problem: string, cause?: unknown): Fault<'INVALID_REQUEST'> {
  const hint = 'send a JSON object such as {"input": "hello", "model": "any name"}';
  return new Fault('INVALID_REQUEST', { param: null, problem, hint }, { cause });
}
