import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULTS, type FaultCode } from '../../../src/faults.ts';
import { faultsOf, pathsOf, type RouteRow } from '../../../src/server/route-row.ts';
import { FAULTS_OF_NO_ROUTE } from '../../../src/server/route-faults.ts';
import { ROUTES, rowsWith } from '../../../src/server/routes.ts';
import { openServingServer } from './open-test-server.ts';

const rows: RouteRow[] = Object.values(ROUTES);

test('every listed fault has a status', () => {
  for (const code of [...rows.flatMap(faultsOf), ...FAULTS_OF_NO_ROUTE]) {
    assert.notEqual(FAULTS[code].status, null, code);
  }
});

test('every fault with a status is listed somewhere', () => {
  const listed = new Set([...rows.flatMap(faultsOf), ...FAULTS_OF_NO_ROUTE]);
  for (const code of Object.keys(FAULTS) as FaultCode[]) {
    if (FAULTS[code].status !== null) assert.ok(listed.has(code), code);
  }
});

test('a row that needs the model lists both reasons for not having it', () => {
  for (const { needsModel, faults } of rows) {
    assert.equal(faults.includes('STARTING') && faults.includes('STOPPING'), needsModel);
  }
});

test('a row with a body lists what a body may raise', () => {
  for (const { body, faults } of rows) {
    if (body === null) continue;
    for (const code of ['INVALID_REQUEST', 'BODY_TOO_LARGE', 'MEDIA_TYPE'] as const) {
      assert.ok(faults.includes(code));
    }
  }
});

test("OpenAI's routes answer without /v1 too", () => {
  assert.deepEqual(pathsOf(ROUTES.embeddings), ['/v1/embeddings', '/embeddings']);
  assert.deepEqual(pathsOf(ROUTES.health), ['/health']);
});

test('every row is reachable at each of its paths, with and without a trailing slash', async (t) => {
  const { server } = await openServingServer(t, { metrics: true });
  for (const [, row] of rowsWith(new Set(['metrics']))) {
    for (const path of pathsOf(row).flatMap((each) => [each, each.replace(/\/?$/, '/')])) {
      const { statusCode } = await server.app.inject({ method: 'OPTIONS', url: path });
      assert.equal(statusCode, 204, path);
    }
  }
});
