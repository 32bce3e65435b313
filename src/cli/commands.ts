// The commands: what each is for, its operand, examples for its help, and where its code is. A command's code is loaded
// when it runs, so that help and usage errors are there at once.
import type { Settings } from '../config/options.ts';
import type { CommandName } from '../config/rows.ts';

/** What a command gets besides its settings. */
export interface Call {
  operands: readonly string[];
  /** What to say about options without effect; null = nothing. */
  notice: string | null;
  /** Every option with an effect, with where its value comes from. */
  sources: readonly SettingSource[];
  /** The command line in the table's spelling, without secrets. */
  shownArgs: readonly string[];
}

export interface SettingSource {
  flag: string;
  /** As JSON; masked where it is secret. */
  value: string;
  source: 'command line' | 'environment' | 'file' | 'default';
}

export interface CommandRow<Name extends CommandName> {
  summary: string;
  /** How the operand is written, `<folder>` or `[files...]`, and its meaning. */
  operand?: readonly [string, string];
  /** What to type after the program's name, and what it does. */
  examples: readonly (readonly [string, string])[];
  /** Resolves with the exit code. */
  run: (settings: Settings<Name>, call: Call) => Promise<number>;
}

/** What stands for a command in other servers' command lines: `sglang serve`, `python -m sglang.launch_server`. */
export const SYNONYMS: ReadonlyMap<string, CommandName> = new Map([
  ['serve', 'launch'],
  ['launch_server', 'launch'],
  ['sglang.launch_server', 'launch'],
]);

export const COMMANDS: { readonly [Name in CommandName]: CommandRow<Name> } = {
  launch: {
    summary: 'start a server',
    examples: [
      ['launch --model-path Qwen/Qwen3-Embedding-0.6B', 'fetch, convert and serve on http://127.0.0.1:30000'],
      ['launch --model-path ./Qwen3-Embedding-0.6B', 'serve a folder'],
      ['launch --model-path ./m.gguf --host 0.0.0.0 --port 8080', 'serve a file to the network'],
      ['launch --model-path ./Qwen3-Embedding-4B --device cuda --dp 2', 'one copy on each of two GPUs'],
    ],
    run: async (settings, { notice }) => {
      const { runLaunch } = await import('./commands/launch.ts');
      return runLaunch(settings, notice);
    },
  },
  download: {
    summary: 'fetch a model from the hub into its cache, verified',
    operand: ['<repo>', 'owner/name[@revision][:TYPE], or a short name such as 0.6B'],
    examples: [
      ['download Qwen/Qwen3-Embedding-0.6B', 'what a launch needs'],
      ['download Qwen/Qwen3-Embedding-4B-GGUF:Q8_0 --dry-run', 'files and sizes of one type'],
      ['download 0.6B --source modelscope --local-dir ./m', 'from another hub into a folder'],
    ],
    run: async (settings, { operands: [repo = ''] }) => {
      const { runDownload } = await import('./commands/download.ts');
      return runDownload(repo, settings);
    },
  },
  list: {
    summary: 'list downloaded and converted models',
    examples: [['list --json', 'for scripts']],
    run: async (settings) => {
      const { runList } = await import('./commands/list.ts');
      return runList(settings);
    },
  },
  remove: {
    summary: 'remove a downloaded or converted model',
    operand: ['<model>', 'owner/name, owner/name:TYPE, or a converted file that list names'],
    examples: [
      ['remove Qwen/Qwen3-Embedding-0.6B --dry-run', 'what would go'],
      ['remove Qwen/Qwen3-Embedding-4B-GGUF:Q8_0', 'one type'],
    ],
    run: async (settings, { operands: [model = ''] }) => {
      const { runRemove } = await import('./commands/remove.ts');
      return runRemove(model, settings);
    },
  },
  convert: {
    summary: 'convert a Hugging Face folder to a .gguf file',
    operand: ['<folder>', 'folder with config.json, tokenizer.json and *.safetensors'],
    examples: [
      ['convert ./Qwen3-Embedding-0.6B', 'keep the type of the weights'],
      ['convert ./Qwen3-Embedding-0.6B --outtype q8_0 --outfile small.gguf', 'half the size'],
    ],
    run: async (settings, { operands: [folder = ''] }) => {
      const { runConvert } = await import('./commands/convert.ts');
      return runConvert(folder, settings);
    },
  },
  doctor: {
    summary: 'check this machine for what launch needs, with a decode whose answer is known',
    examples: [
      ['doctor', 'exit 0 = it will do, 1 = something will not'],
      ['doctor --device cuda --json', 'what launch --device cuda would use, for scripts'],
    ],
    run: async (settings, { sources }) => {
      const { runDoctor } = await import('./commands/doctor.ts');
      return runDoctor(settings, sources);
    },
  },
  health: {
    summary: 'ask a server whether it is healthy: exit 0 = yes, 1 = no',
    examples: [
      ['health', 'ask the server on this machine'],
      ['health --wait --timeout 120', 'wait until it is ready'],
    ],
    run: async (settings) => {
      const { runHealth } = await import('./commands/health.ts');
      return runHealth(settings);
    },
  },
  embed: {
    summary: 'turn files of texts into files of vectors',
    operand: ['[files...]', 'JSONL, CSV, TSV, Parquet or text files, .gz too; none or - is standard input'],
    examples: [
      ['embed notes.jsonl --output notes.parquet --url http://127.0.0.1:30000', 'by a running server'],
      ['embed a.csv b.csv --field body --output all.npy --model-path ./m.gguf', 'by a server of its own'],
      ['embed --input-format text < lines.txt > vectors.jsonl', 'in a pipe'],
    ],
    run: async (settings, { operands }) => {
      const { runEmbed } = await import('./commands/embed.ts');
      return runEmbed(settings, operands);
    },
  },
  bench: {
    summary: 'put load on an OpenAI-compatible server: texts/s, latencies, errors',
    examples: [
      ['bench --clients 16 --duration 30', '16 clients for 30 seconds'],
      ['bench --compare http://127.0.0.1:8000', 'two servers in turns, and the ratio'],
    ],
    run: async (settings, { shownArgs }) => {
      const { runBenchCommand } = await import('./commands/bench.ts');
      return runBenchCommand(settings, shownArgs);
    },
  },
  completion: {
    summary: 'print the completion script of a shell',
    operand: ['<shell>', 'bash, zsh or fish'],
    examples: [
      ['completion bash >> ~/.bashrc', 'complete commands, options and their choices'],
      ['completion fish | source', 'in this shell only'],
    ],
    run: async (_settings, { operands: [shell = ''] }) => {
      const { renderCompletion } = await import('./commands/completion.ts');
      process.stdout.write(renderCompletion(shell));
      return 0;
    },
  },
};
