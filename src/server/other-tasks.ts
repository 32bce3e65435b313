// What SGLang answers for other kinds of models, so that a caller of the wrong server is told so and not "not found".

/** Path -> what is done there. `/v1` may be left out, as on every route of OpenAI's kind. */
export const OTHER_TASKS = {
  '/v1/rerank': 'rerank',
  '/v1/score': 'score',
  '/v1/classify': 'classify',
  '/v1/completions': 'generate text',
  '/v1/chat/completions': 'generate text',
  '/v1/responses': 'generate text',
  '/v1/messages': 'generate text',
  '/generate': 'generate text',
  '/api/chat': 'generate text',
  '/api/generate': 'generate text',
} as const;

/** For the path of a request, with or without `/v1`. */
export function taskOf(path: string): string {
  const tasks: Readonly<Record<string, string>> = OTHER_TASKS;
  return tasks[path] ?? tasks[`/v1${path}`] ?? 'do that';
}
