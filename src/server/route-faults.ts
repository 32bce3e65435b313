// Faults that several routes may answer, by what a request needs. Which route answers which is routes.ts's.

import type { FaultCode } from '../faults.ts';

/** What a request that matches no row may meet. */
export const FAULTS_OF_NO_ROUTE: readonly FaultCode[] = [
  'BUG',
  'UNAUTHORIZED',
  'ROUTE_UNKNOWN',
  'METHOD_NOT_ALLOWED',
  'INVALID_REQUEST',
  'HEAD_TOO_LARGE',
  'TOO_SLOW',
];

export const FAULTS_OF_A_BODY = [
  'INVALID_REQUEST',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE',
  'CONTENT_ENCODING',
] as const;
export const FAULTS_OF_THE_MODEL = [
  'STARTING',
  'STOPPING',
  'WORKER_DIED',
  'WORKERS_GIVEN_UP',
  'WIRE_MALFORMED',
] as const;
export const FAULTS_OF_EMBEDDING = [
  ...FAULTS_OF_A_BODY,
  ...FAULTS_OF_THE_MODEL,
  'OVERLOADED',
  'DISPLACED',
  'DEADLINE',
  'INPUT_EMPTY',
  'INPUT_TOO_LONG',
  'TOO_MANY_INPUTS',
  'CANCELLED',
  'ABORTED',
  'VECTOR_NOT_FINITE',
  'ENGINE_FAILED',
  'MEMORY_SHORT',
] as const;
