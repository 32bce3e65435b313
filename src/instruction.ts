// What Qwen3-Embedding's authors put before a query: https://huggingface.co/Qwen/Qwen3-Embedding-0.6B

/** The text before every query of a task. No space goes before the query. */
export function renderInstruction(task: string): string {
  return `Instruct: ${task}\nQuery:`;
}

/** The same where there may be no task: nothing, as documents are embedded. */
export function renderPrefix(task: string | null): string {
  return task === null ? '' : renderInstruction(task);
}
