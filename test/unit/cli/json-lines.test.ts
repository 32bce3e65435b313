import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asksForJsonLines } from '../../../src/cli/json-lines.ts';

for (const [args, environment, asks] of [
  [['launch', '--log-format', 'json', '--prot', '1'], {}, true],
  [['launch', '--prot', '--log-format=json'], {}, true],
  [['launch', '--log-format', 'json', '--log-format', 'text'], {}, false],
  [['launch', '--prot'], { QWEN_EMBED_LOG_FORMAT: 'json' }, true],
  [['launch', '--log-format', 'text'], { QWEN_EMBED_LOG_FORMAT: 'json' }, false],
  [['launch', '--log-format'], {}, false],
  [['health', '--log-format', 'json'], { QWEN_EMBED_LOG_FORMAT: 'json' }, false],
] as [string[], Record<string, string>, boolean][]) {
  const how = `${JSON.stringify(environment)} ${args.join(' ')}`;
  test(`a command line with a mistake is ${asks ? '' : 'not '}answered in JSON: ${how}`, () => {
    assert.equal(asksForJsonLines(args, environment), asks);
  });
}
