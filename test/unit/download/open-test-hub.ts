// For the tests of this room: a hub server that misbehaves, connections to it that lose no time, a folder that goes.
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { HubTiming } from '../../../src/download/contract.ts';
import { openHub, type Hub } from '../../../src/download/open-hub.ts';
import { readHubSettings, type HubOverrides } from '../../../src/download/settings.ts';
import type { HubRepos } from '../../fixtures/hub-answers.ts';
import { openHubServer, type HubServer } from '../../fixtures/hub-server.ts';
import { makeTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const QUICK: HubTiming = {
  tries: 4,
  connectMs: 2_000,
  listingMs: 300,
  idleMs: 300,
  firstWaitMs: 1,
  longestWaitMs: 2,
  patienceMs: 100,
  lockStaleMs: 3_000,
  lookMs: 0,
};

export const REPO = 'Qwen/Qwen3-Embedding-Test';

export interface TestHub {
  server: HubServer;
  folder: string;
  hub: Hub;
  /** Another one on the same server and cache. */
  open: (overrides?: HubOverrides & { env?: Record<string, string> }) => Promise<Hub>;
}

export async function openTestHub(t: TestContext, repos: HubRepos): Promise<TestHub> {
  const folder = makeTemporaryFolder();
  const server = await openHubServer(repos);
  const opened: Hub[] = [];
  t.after(async () => {
    await Promise.all(opened.map((hub) => hub.close()));
    await server.close();
  });
  const open: TestHub['open'] = async ({ env = {}, ...overrides } = {}) => {
    const settings = readHubSettings(
      { HF_HOME: join(folder, 'hf'), HF_ENDPOINT: server.url, MODELSCOPE_ENDPOINT: server.url, ...env },
      { timing: QUICK, ...overrides },
    );
    const hub = await openHub(settings);
    opened.push(hub);
    return hub;
  };
  return { server, folder, hub: await open(), open };
}
