import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSystemMemory } from '../../../src/launch/system-memory.ts';

const MACHINE = { totalBytes: 16e9, freeBytes: 1e9 };
const MEMINFO = 'MemTotal:       15625000 kB\nMemFree:          976562 kB\nMemAvailable:   11718750 kB\n';

const memoryWith = (files: Record<string, string>) =>
  readSystemMemory(MACHINE, (path) => files[path] ?? null);

test('without a container what the kernel calls available counts as free', () => {
  assert.deepEqual(memoryWith({ '/proc/meminfo': MEMINFO }), { totalBytes: 16e9, freeBytes: 12e9 });
});

test('where nothing can be read, what Node says counts', () => {
  assert.deepEqual(memoryWith({}), MACHINE);
});

test("in a container its limit counts, less what is used, the files' cache left out", () => {
  const files = {
    '/proc/meminfo': MEMINFO,
    '/proc/self/cgroup': '0::/\n',
    '/sys/fs/cgroup/memory.max': '8000000000\n',
    '/sys/fs/cgroup/memory.current': '7000000000\n',
    '/sys/fs/cgroup/memory.stat': 'anon 2000000000\ninactive_file 4000000000\nactive_file 1000000000\n',
  };
  assert.deepEqual(memoryWith(files), { totalBytes: 8e9, freeBytes: 6e9 });
});

test('a group without a limit inherits that of the group above', () => {
  const files = {
    '/proc/self/cgroup': '0::/slice/own\n',
    '/sys/fs/cgroup/slice/own/memory.max': 'max\n',
    '/sys/fs/cgroup/slice/own/memory.current': '100\n',
    '/sys/fs/cgroup/slice/memory.max': '500000000\n',
    '/sys/fs/cgroup/slice/memory.current': '100000000\n',
  };
  assert.deepEqual(memoryWith(files), { totalBytes: 500e6, freeBytes: 400e6 });
});

test('the older version of control groups is read too', () => {
  const files = {
    '/proc/meminfo': MEMINFO,
    '/proc/self/cgroup': '12:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '2000000000\n',
    '/sys/fs/cgroup/memory/memory.usage_in_bytes': '1500000000\n',
    '/sys/fs/cgroup/memory/memory.stat': 'total_inactive_file 500000000\n',
  };
  assert.deepEqual(memoryWith(files), { totalBytes: 2e9, freeBytes: 1e9 });
});
