// The form: texts, how the rows are read, the instruction. Owns no state; every change goes up as a new draft.

import { MOST_TEXTS, parseTexts, problemOf, type Question, type RowKind } from './request.ts';

export interface Draft {
  /** One text a line. */
  text: string;
  rowKind: RowKind;
  instruction: string;
}

export const questionOf = ({ text, rowKind, instruction }: Draft): Question => ({
  texts: parseTexts(text),
  rowKind,
  instruction: instruction.trim(),
});

const ROW_KINDS: Record<RowKind, { name: string; note: string }> = {
  plain: { name: 'As they are', note: 'the same vectors in rows and columns' },
  query: { name: 'As queries', note: 'input_type query; columns are documents' },
  instruction: { name: 'With an instruction', note: 'your task before each query; columns are documents' },
};

interface AskFormProps {
  draft: Draft;
  isBusy: boolean;
  onDraft: (draft: Draft) => void;
  onSubmit: (draft: Draft) => void;
}

export function AskForm({ draft, isBusy, onDraft, onSubmit }: AskFormProps) {
  const question = questionOf(draft);
  const problem = problemOf(question);
  const submitOnKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) onSubmit(draft);
  };
  return (
    <form
      class="card ask"
      onKeyDown={submitOnKey}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(draft);
      }}
    >
      <label class="title" for="texts">
        Texts <span class="quiet">one a line, {MOST_TEXTS} at most</span>
      </label>
      <textarea
        id="texts"
        rows={12}
        spellcheck={false}
        value={draft.text}
        onInput={({ currentTarget }) => {
          onDraft({ ...draft, text: currentTarget.value });
        }}
      />
      <RowKinds draft={draft} onSubmit={onSubmit} />
      {draft.rowKind === 'instruction' ? <Instruction draft={draft} onDraft={onDraft} /> : null}
      <div class="send">
        <button class="main" type="submit" disabled={problem !== null} aria-busy={isBusy}>
          Embed
        </button>
        <span class="quiet">{problem ?? (isBusy ? 'waiting for the vectors …' : 'or Ctrl+Enter')}</span>
      </div>
    </form>
  );
}

function RowKinds({ draft, onSubmit }: Pick<AskFormProps, 'draft' | 'onSubmit'>) {
  return (
    <fieldset>
      <legend class="title">Read the rows</legend>
      {(Object.keys(ROW_KINDS) as RowKind[]).map((rowKind) => (
        <label class="choice" key={rowKind}>
          <input
            type="radio"
            name="row-kind"
            value={rowKind}
            checked={draft.rowKind === rowKind}
            onChange={() => {
              onSubmit({ ...draft, rowKind });
            }}
          />
          <span>
            {ROW_KINDS[rowKind].name} <span class="quiet">{ROW_KINDS[rowKind].note}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function Instruction({ draft, onDraft }: Pick<AskFormProps, 'draft' | 'onDraft'>) {
  return (
    <div>
      <label class="title" for="instruction">
        Instruction
      </label>
      <textarea
        id="instruction"
        rows={3}
        value={draft.instruction}
        onInput={({ currentTarget }) => {
          onDraft({ ...draft, instruction: currentTarget.value });
        }}
      />
    </div>
  );
}
