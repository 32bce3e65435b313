// The public API for programs that want no command line; docs/library.md shows it.
export {
  download,
  openEngine,
  startService,
  type DownloadSettings,
  type LaunchSettings,
  type Watch,
} from './library.ts';
export type { Progress } from './launch/open-model.ts';
export type { Service } from './launch/service.ts';
export { convert, type ConvertOptions } from './convert/convert.ts';
export { renderInstruction } from './instruction.ts';
export type { Embedder, Embeddings, EmbedInput, EmbedOptions, LongText, ModelFacts } from './embedder.ts';
export type { DownloadEvent, Snapshot } from './download/contract.ts';
export { Fault, type FaultCode } from './faults.ts';
