// What the page shows before anything was typed: pairs that belong together, in several languages.

import type { Draft } from './ask-form.tsx';

const TEXTS = [
  'What is the capital of China?',
  'The capital of China is Beijing.',
  'Explain gravity',
  'Gravity is a force that attracts two bodies towards each other.',
  'How do I delete a file?',
  'ファイルを削除する',
  'Die Schriftgröße ändern',
  'Hello world',
  '你好世界',
];

export const SAMPLE_DRAFT: Draft = {
  text: TEXTS.join('\n'),
  rowKind: 'plain',
  instruction: 'Given a web search query, retrieve relevant passages that answer the query',
};
