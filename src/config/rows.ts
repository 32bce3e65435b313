// What a row of the option tables can say: which values an option takes, how it is spelt, what becomes of it here.
// Types only; the rows are in options/ (what has an effect) and sglang/ (what SGLang has besides).

export type CommandName =
  | 'launch'
  | 'download'
  | 'list'
  | 'remove'
  | 'convert'
  | 'embed'
  | 'health'
  | 'bench'
  | 'completion'
  | 'doctor';

/** Which values an option takes; `default: null` = nothing is assumed when it is not given. */
export type Shape =
  TextShape | NumberShape | SwitchShape | BooleanShape | ChoiceShape | ListShape | JsonShape;

interface TextShape {
  kind: 'text';
  /** What stands for the value in the help. */
  value: string;
  /** What the option means when it stands without a value; without this, a value is needed. */
  bare?: string;
  default: string | null;
}
interface NumberShape {
  /** `human`: a whole number that may have a suffix: k, M, G, T (of 1,000) or Ki, Mi, Gi, Ti (of 1,024). */
  kind: 'integer' | 'human' | 'number';
  min: number;
  max: number;
  default: number | null;
}
/** On when given; takes no value. */
interface SwitchShape {
  kind: 'switch';
  default: false;
}
/** `--flag` and `--no-flag`. */
interface BooleanShape {
  kind: 'boolean';
  default: boolean | null;
}
interface ChoiceShape {
  kind: 'choice';
  choices: readonly string[];
  /** Other ways to write a choice, in lower case: `{warning: 'warn'}`. */
  synonyms?: Readonly<Record<string, string>>;
  /** Choices that have no effect, with the reason; part of a sentence. */
  idleChoices?: Readonly<Record<string, string>>;
  /** `cuda:0` is read as `cuda`, as SGLang does. */
  mayHaveIndex?: true;
  default: string | null;
}
/** Several values after the flag. */
interface ListShape {
  kind: 'list';
  of: 'text' | 'integer' | 'number';
  /** 0 where the flag may stand without values. */
  least: 0 | 1;
  default: null;
}
interface JsonShape {
  kind: 'json';
  holds: 'object' | 'list' | 'anything';
  default: null;
}

export interface Spelling {
  /** Long flag without dashes. */
  flag: string;
  /** Other spellings that SGLang's users have in their scripts. */
  aliases?: readonly string[];
  /** One letter. */
  short?: string;
  on: readonly CommandName[];
  /** At most 79 columns, no full stop. */
  doc: string;
  /** Left out of --help, shown by --help-all. */
  rare?: true;
  /** SGLang's name for it in the environment, read where ours is not set. */
  environment?: string;
  /** What SGLang takes there for no value. */
  environmentNone?: string;
  /** The value is never printed, logged or answered. */
  secret?: true;
}

/** An option with an effect here: its value is in `Settings`. */
export type OwnRow = Shape & Spelling & { class?: never };

/** An option without effect here: one collected notice says so at start. */
export interface Accepted {
  class: 'accept';
  /** Why it has no effect; part of a sentence. */
  why: string;
  /** What it asks for is so here anyway: no notice. */
  isAlways?: true;
}
/** An option that would promise what is not done: the start stops with the reason. */
export interface Rejected {
  class: 'reject';
  why: string;
  /** What to do instead; null = leave it out. */
  instead: string | null;
  /** Values that are no trouble, as text. The first is what holds here; the others draw the notice of `accept`. */
  unless: readonly string[];
}

export type OptionRow = OwnRow | (Shape & Spelling & (Accepted | Rejected));
