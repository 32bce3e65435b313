// Which of this process's environment a worker sees: what the loader, the graphics drivers and llama.cpp read.
// Everything else stays here; tokens and API keys live in the environment.

const NAMES = new Set([
  'PATH',
  'HOME',
  'USER',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'PROGRAMDATA',
  'PROGRAMFILES',
  'COMSPEC',
  'PATHEXT',
  'SYSTEMROOT',
  'SYSTEMDRIVE',
  'WINDIR',
  'TMPDIR',
  'TEMP',
  'TMP',
  'LANG',
  'TZ',
]);

const PREFIXES = [
  'LC_',
  'LD_',
  'DYLD_',
  'XDG_',
  'CUDA_',
  'NVIDIA_',
  'HIP_',
  'HSA_',
  'ROCR_',
  'GGML_',
  'LLAMA_',
  'NODE_LLAMA_CPP_',
  'VK_',
  'MESA_',
  'METAL_',
  'MTL_',
  'OMP_',
  'GOMP_',
  'KMP_',
  'ONEAPI_',
  'SYCL_',
];

export function planWorkerEnv(
  parent: NodeJS.ProcessEnv,
  additions: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  const kept = Object.entries(parent).filter(([name]) => {
    const upper = name.toUpperCase();
    return NAMES.has(upper) || PREFIXES.some((prefix) => upper.startsWith(prefix));
  });
  return { ...Object.fromEntries(kept), ...additions };
}
