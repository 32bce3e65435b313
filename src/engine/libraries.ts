// Owns where the llama.cpp shared libraries lie: which npm package of node-llama-cpp holds them on which platform,
// and what their files are called there. Loads nothing and knows no function in them.
// The file names carry backend and version: libllama.so, libllama.v0.5.0.so, libllama.cuda.v0.5.0.so.
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Fault } from '../faults.ts';

export type Backend = 'cpu' | 'cuda' | 'vulkan' | 'metal';

/** One folder with a complete set of libraries. */
export interface LibrarySet {
  backend: Backend;
  folder: string;
  ggmlBase: string;
  ggml: string;
  llama: string;
}

/** Packages per `${process.platform}-${process.arch}`, best first. */
const PACKAGES: Record<string, readonly (readonly [Backend, string])[]> = {
  'linux-x64': [
    ['cuda', 'linux-x64-cuda'],
    ['vulkan', 'linux-x64-vulkan'],
    ['cpu', 'linux-x64'],
  ],
  'linux-arm64': [['cpu', 'linux-arm64']],
  'linux-arm': [['cpu', 'linux-armv7l']],
  'linux-riscv64': [['cpu', 'linux-riscv64']],
  'darwin-arm64': [['metal', 'mac-arm64-metal']],
  'darwin-x64': [['cpu', 'mac-x64']],
  'win32-x64': [
    ['cuda', 'win-x64-cuda'],
    ['vulkan', 'win-x64-vulkan'],
    ['cpu', 'win-x64'],
  ],
  'win32-arm64': [['cpu', 'win-arm64']],
};

/** Matches `stem` with any backend and version infix: libSTEM[.BACKEND][.vX.Y.Z].EXTENSION. */
const libraryPattern = (stem: string): RegExp =>
  new RegExp(`^(?:lib)?${stem}(?:\\.[a-z0-9-]+)?(?:\\.v\\d+(?:\\.\\d+)*)?\\.(?:so|dylib|dll)$`);

const PATTERNS = {
  ggmlBase: libraryPattern('ggml-base'),
  ggml: libraryPattern('ggml'),
  llama: libraryPattern('llama'),
} as const;

/** The three libraries among the names in one folder, or the stem of the first that is missing. Pure. */
export function pickLibraries(names: readonly string[]): Record<keyof typeof PATTERNS, string> | string {
  const find = (stem: keyof typeof PATTERNS) => names.find((name) => PATTERNS[stem].test(name));
  const [ggmlBase, ggml, llama] = [find('ggmlBase'), find('ggml'), find('llama')];
  if (ggmlBase === undefined) return 'ggml-base';
  if (ggml === undefined) return 'ggml';
  if (llama === undefined) return 'llama';
  return { ggmlBase, ggml, llama };
}

/** The packages that node-llama-cpp has for a platform, best first; empty where it ships none. Pure. */
export function packagesFor(platform: string, arch: string): readonly (readonly [Backend, string])[] {
  return PACKAGES[`${platform}-${arch}`] ?? [];
}

function openFolder(backend: Backend, folder: string): LibrarySet {
  const platform = `${process.platform}-${process.arch}`;
  if (!existsSync(folder))
    throw new Fault('NATIVE_MISSING', { platform, problem: `the folder ${folder} does not exist` });
  const picked = pickLibraries(readdirSync(folder));
  if (typeof picked === 'string')
    throw new Fault('NATIVE_MISSING', { platform, problem: `${folder} holds no ${picked} library` });
  const path = (name: string) => join(folder, name);
  return {
    backend,
    folder,
    ggmlBase: path(picked.ggmlBase),
    ggml: path(picked.ggml),
    llama: path(picked.llama),
  };
}

/**
 * The library set for `backend` on this machine, from `folder` if given (a locally built llama.cpp), else from
 * node-llama-cpp's package. Faults: NATIVE_MISSING.
 */
export function findLibraries(backend: Backend, folder?: string): LibrarySet {
  if (folder !== undefined) return openFolder(backend, folder);
  const platform = `${process.platform}-${process.arch}`;
  const name = packagesFor(process.platform, process.arch).find(([offered]) => offered === backend)?.[1];
  if (name === undefined)
    throw new Fault('NATIVE_MISSING', { platform, problem: `node-llama-cpp ships no ${backend} library` });
  // The packages are optional dependencies of node-llama-cpp: resolved from there, they are found under any layout.
  const here = createRequire(import.meta.url);
  try {
    const fromNodeLlamaCpp = createRequire(here.resolve('node-llama-cpp'));
    const entry = fromNodeLlamaCpp.resolve(`@node-llama-cpp/${name}`);
    return openFolder(backend, join(dirname(entry), '..', 'bins', name));
  } catch (error) {
    if (error instanceof Fault) throw error;
    const problem = `the package @node-llama-cpp/${name} is not installed`;
    throw new Fault('NATIVE_MISSING', { platform, problem }, { cause: error });
  }
}
