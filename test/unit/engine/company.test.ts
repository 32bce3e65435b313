import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitsForCompany } from '../../../src/engine/company.ts';

const company = (decodes: number, tokens: number, waiting: number) => ({
  decodes,
  tokens,
  isWaiting: (least: number) => waiting >= least,
});

test('a small batch waits for company beside two small decodes, and never beside fewer', () => {
  assert.deepEqual(
    [0, 1, 2, 3].map((decodes) => waitsForCompany(company(decodes, 32 * decodes, 32))),
    [false, false, true, true],
  );
});

test('a full batch does not wait, and nothing waits beside decodes that take long', () => {
  assert.equal(waitsForCompany(company(2, 64, 512)), false);
  assert.equal(waitsForCompany(company(2, 512, 32)), false);
});
