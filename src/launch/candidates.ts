// Owns the order in which ways to compute are tried, and which of them this machine rules out beforehand: backends by
// device and driver, then who computes on them. Pure; what fails only when it runs is open-best-pool.ts's.
import type { ComputeKind } from '../engine/compute.ts';
import type { Backend } from '../engine/libraries.ts';
import type { Settings } from '../config/options.ts';
import { Fault } from '../faults.ts';
import type { Host, Machine } from './machine.ts';

export interface Candidate {
  backend: Backend;
  compute: ComputeKind;
  /** Part of a sentence: the backend and why it was chosen. */
  reason: string;
}

/** A way that was not taken, and why. */
export interface PassedOver {
  backend: Backend;
  compute: ComputeKind | null;
  fault: Fault;
}

interface BackendChoice {
  backend: Backend;
  reason: string;
}

type DeviceSettings = Pick<Settings<'launch'>, 'device' | 'compute' | 'tensorParallel'>;

/** Backends in the order of trying, before any driver was asked. */
export function planBackends(
  device: DeviceSettings['device'],
  host: Pick<Host, 'platform' | 'arch' | 'cores' | 'hasNvidia' | 'hasGraphics'>,
): [BackendChoice, ...BackendChoice[]] {
  const cpu = { backend: 'cpu', reason: `CPU, ${String(host.cores)} cores` } as const;
  switch (device) {
    case 'cpu':
      return [cpu];
    case 'cuda':
      return host.hasNvidia
        ? [{ backend: 'cuda', reason: 'CUDA, as --device says' }]
        : [{ ...cpu, reason: 'CPU, because --device cuda found no NVIDIA driver' }];
    case 'vulkan':
      return [{ backend: 'vulkan', reason: 'Vulkan, as --device says' }];
    case 'metal':
      return [{ backend: 'metal', reason: 'Metal, as --device says' }];
    case 'auto': {
      if (host.platform === 'darwin' && host.arch === 'arm64')
        return [{ backend: 'metal', reason: 'Metal, because this is Apple silicon' }, cpu];
      const vulkan = { backend: 'vulkan', reason: 'Vulkan, because there is a GPU' } as const;
      const rest = host.hasGraphics ? ([vulkan, cpu] as const) : ([cpu] as const);
      return host.hasNvidia
        ? [{ backend: 'cuda', reason: 'CUDA, because there is an NVIDIA driver' }, ...rest]
        : [...rest];
    }
  }
}

/** The ways that are left after the drivers were asked. Faults: DEVICE_MISSING where --device names one that is not there. */
export function planCandidates(
  settings: DeviceSettings,
  machine: Machine,
): { candidates: Candidate[]; passedOver: PassedOver[] } {
  const candidates: Candidate[] = [];
  const passedOver: PassedOver[] = [];
  for (const { backend, reason } of planBackends(settings.device, machine)) {
    const problem = findProblem(settings.device, backend, machine);
    if (problem === null)
      candidates.push(...pickComputes(settings, backend).map((compute) => ({ backend, compute, reason })));
    else
      passedOver.push({ backend, compute: null, fault: new Fault('DEVICE_MISSING', { backend, problem }) });
  }
  const [first] = passedOver;
  if (candidates.length === 0 && first !== undefined) throw first.fault;
  return { candidates, passedOver };
}

function findProblem(device: DeviceSettings['device'], backend: Backend, { gpus }: Machine): string | null {
  if (backend === 'cpu') return null;
  const probe = gpus[backend] ?? { gpus: [] };
  if ('problem' in probe) return probe.problem;
  if (probe.gpus.length === 0) return 'its libraries see no GPU';
  if (backend === 'vulkan' && device === 'auto' && probe.gpus.every(({ isIntegrated }) => isIntegrated))
    return 'the only GPU is an integrated one, which --device vulkan takes';
  return null;
}

/**
 * Who computes, best first. Our own graph knows one device, and is measured on CUDA and on CPUs, where it is the faster
 * one (docs/performance.md); where a kernel for the model's shape is lacking, llama.cpp knows a way round.
 * Fault: BAD_OPTION for our own graph over several GPUs.
 */
function pickComputes({ compute, tensorParallel }: DeviceSettings, backend: Backend): ComputeKind[] {
  if (compute === 'graph' && backend !== 'cpu' && tensorParallel > 1)
    throw new Fault('BAD_OPTION', {
      option: '--compute graph',
      problem: `knows one GPU, and --tp-size says ${String(tensorParallel)}`,
      hint: 'leave out --compute, or give each GPU a copy of the model with --dp-size',
    });
  if (compute !== 'auto') return [compute];
  const isMeasured = backend === 'cpu' || (backend === 'cuda' && tensorParallel === 1);
  return isMeasured ? ['graph', 'llama'] : ['llama'];
}
