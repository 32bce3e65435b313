// What Qwen3-Embedding's authors put before a query: https://huggingface.co/Qwen/Qwen3-Embedding-0.6B

/** The text before every query of a task; empty without a task, as documents are embedded. */
export function renderPrefix(instruction: string | null): string {
  return instruction === null ? '' : `Instruct: ${instruction}\nQuery:`;
}
