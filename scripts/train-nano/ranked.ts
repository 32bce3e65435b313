// What the small model must rank as a person would: the examples of its card, which a test holds too.

export const QUERY =
  'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:';

/** [text, what is nearer, what is farther] */
export const RANKED = [
  ['cat', 'kitten', 'invoice'],
  ['你好世界', 'Hello world', 'stock market'],
  ['Hello world', 'Bonjour le monde', 'How are you today'],
  ['How do I delete a file?', 'ファイルを削除する', 'Die Schriftgröße ändern'],
  [
    `${QUERY}What is the capital of China?`,
    'The capital of China is Beijing.',
    'Gravity is a force that attracts two bodies towards each other.',
  ],
  [
    `${QUERY}Explain gravity`,
    'Gravity is a force that attracts two bodies towards each other.',
    'The capital of China is Beijing.',
  ],
] as const;
