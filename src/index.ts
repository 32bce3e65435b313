// The public API for programs that want no command line.
export { startService, type Progress, type Service, type StartOptions } from './launch/service.ts';
export { openEngine, type EngineSettings } from './engine/engine.ts';
export { convert, type ConvertOptions } from './convert/convert.ts';
export type { Embedder, Embeddings, EmbedInput, EmbedOptions, ModelFacts } from './embedder.ts';
export { Fault, type FaultCode } from './faults.ts';
