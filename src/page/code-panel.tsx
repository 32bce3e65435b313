// The code for what is on screen, and a button that copies it.

import { useRef, useState } from 'preact/hooks';
import { type Language, LANGUAGES, renderCode, type Shown } from './code-samples.ts';

export function CodePanel({ shown }: { shown: Shown }) {
  const [language, setLanguage] = useState<Language>('curl');
  const [said, setSaid] = useState('');
  const block = useRef<HTMLElement>(null);
  const code = renderCode(language, shown);
  const copy = (): void => {
    copyText(code, block.current).then(setSaid, reportError);
  };
  return (
    <section class="card" aria-labelledby="code-title">
      <h2 id="code-title">
        Code
        <span class="send">
          <span class="quiet" role="status">
            {said}
          </span>
          <button type="button" onClick={copy}>
            Copy
          </button>
        </span>
      </h2>
      <Languages
        language={language}
        onLanguage={(name) => {
          setLanguage(name);
          setSaid('');
        }}
      />
      <pre tabIndex={0} aria-label={`Code in ${LANGUAGES[language]}`} role="region">
        <code ref={block}>{code}</code>
      </pre>
    </section>
  );
}

interface LanguagesProps {
  language: Language;
  onLanguage: (language: Language) => void;
}

function Languages({ language, onLanguage }: LanguagesProps) {
  return (
    <fieldset class="tabs">
      <legend class="hidden">Language</legend>
      {(Object.keys(LANGUAGES) as Language[]).map((name) => (
        <label key={name}>
          <input
            type="radio"
            name="language"
            checked={name === language}
            onChange={() => {
              onLanguage(name);
            }}
          />
          <span>{LANGUAGES[name]}</span>
        </label>
      ))}
    </fieldset>
  );
}

// Browsers give the clipboard only to pages of this machine or over HTTPS; elsewhere the code is selected instead.
async function copyText(text: string, block: HTMLElement | null): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return 'Copied';
  } catch {
    if (block !== null) getSelection()?.selectAllChildren(block);
    return 'Selected: press Ctrl+C';
  }
}
