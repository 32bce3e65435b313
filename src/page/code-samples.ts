// The code for what is on screen: the same requests, and the same similarities printed. Pure; no key is ever in it.

import { type Question, type Reading, readingsOf } from './request.ts';

export interface Shown {
  question: Question;
  /** Null = all that the model has. */
  dimensions: number | null;
  modelId: string;
  /** Without a slash at its end. */
  baseUrl: string;
  needsKey: boolean;
}

export const LANGUAGES = { curl: 'curl', python: 'Python', typescript: 'TypeScript' } as const;

export type Language = keyof typeof LANGUAGES;

export function renderCode(language: Language, shown: Shown): string {
  return { curl: renderCurl, python: renderPython, typescript: renderTypescript }[language](shown);
}

/** The two sets of vectors that are compared, each with what its request says. */
interface Sets {
  rows: string;
  columns: string;
  readings: readonly (readonly [name: string, reading: Reading])[];
}

function setsOf(question: Question): Sets {
  const { rows, columns } = readingsOf(question);
  return columns === null
    ? { rows: 'vectors', columns: 'vectors', readings: [['vectors', rows]] }
    : {
        rows: 'queries',
        columns: 'documents',
        readings: [
          ['queries', rows],
          ['documents', columns],
        ],
      };
}

const lengthOf = ({ dimensions }: Shown): { dimensions?: number } =>
  dimensions === null ? {} : { dimensions };

function renderCurl(shown: Shown): string {
  const { question, modelId, baseUrl, needsKey } = shown;
  const key = needsKey ? ` \\\n  -H "authorization: Bearer $QWEN_EMBED_API_KEY"` : '';
  return setsOf(question)
    .readings.map(([, reading]) => {
      const body = { model: modelId, input: question.texts, ...lengthOf(shown), ...reading };
      const quoted = JSON.stringify(body, null, 2).replaceAll("'", `'\\''`);
      return `curl ${baseUrl}/v1/embeddings${key} \\\n  -H 'content-type: application/json' \\\n  -d '${quoted}'`;
    })
    .join('\n\n');
}

// JSON's strings and lists of strings are Python's too; astral characters are written as they are.
function renderPython(shown: Shown): string {
  const { question, dimensions, modelId, baseUrl, needsKey } = shown;
  const sets = setsOf(question);
  const key = needsKey ? 'os.environ["QWEN_EMBED_API_KEY"]' : '"none"';
  const calls = sets.readings.map(([name, reading]) => {
    const extra = Object.keys(reading).length === 0 ? '' : `, extra_body=${JSON.stringify(reading)}`;
    return `${name} = embed(texts${extra})`;
  });
  return `${needsKey ? 'import os\n' : ''}from openai import OpenAI

client = OpenAI(base_url="${baseUrl}/v1", api_key=${key})
texts = ${JSON.stringify(question.texts, null, 4)}


def embed(texts, **more):
    answer = client.embeddings.create(
        model=${JSON.stringify(modelId)},
        input=texts,${dimensions === null ? '' : `\n        dimensions=${String(dimensions)},`}
        **more,
    )
    return [item.embedding for item in answer.data]


${calls.join('\n')}
for row in ${sets.rows}:
    print(*(f"{sum(a * b for a, b in zip(row, column)):.3f}" for column in ${sets.columns}))
`;
}

function renderTypescript(shown: Shown): string {
  const { question, dimensions, modelId, baseUrl, needsKey } = shown;
  const sets = setsOf(question);
  const calls = sets.readings.map(
    ([name, reading]) => `const ${name} = await embed(${renderObject(reading)});`,
  );
  return `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${baseUrl}/v1', apiKey: ${needsKey ? 'process.env.QWEN_EMBED_API_KEY' : "'none'"} });
const texts = ${JSON.stringify(question.texts, null, 2)};

async function embed(more: object): Promise<number[][]> {
  const answer = await client.embeddings.create({
    model: ${JSON.stringify(modelId)},
    input: texts,${dimensions === null ? '' : `\n    dimensions: ${String(dimensions)},`}
    ...more,
  });
  return answer.data.map(({ embedding }) => embedding);
}

${calls.join('\n')}
for (const row of ${sets.rows}) {
  const similarities = ${sets.columns}.map((column) => row.reduce((sum, value, i) => sum + value * (column[i] ?? 0), 0));
  console.log(similarities.map((value) => value.toFixed(3)).join(' '));
}
`;
}

function renderObject(reading: Reading): string {
  const fields = Object.entries(reading).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}
