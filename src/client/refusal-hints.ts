// What a user can do about a server that refuses whatever it is asked, by the status of its answer.

const WRONG_PATH =
  'give the base URL that OpenAI clients use for this server (most end in /v1), or name its model: --model-id NAME';

export const REFUSAL_HINTS: Readonly<Record<number, string>> = {
  401: 'give the key of the server with --api-key',
  403: 'give a key that may embed with --api-key',
  404: WRONG_PATH,
  405: WRONG_PATH,
  429: 'the server is busy: wait until its other users are done',
  503: 'the server is not ready yet: wait with qwen-embed health --wait',
};
