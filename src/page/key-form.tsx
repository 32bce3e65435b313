// Asks for the key of a server that has one.

import { useState } from 'preact/hooks';

export function KeyForm({ onKey }: { onKey: (key: string) => void }) {
  const [key, setKey] = useState('');
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        if (key !== '') onKey(key);
      }}
    >
      <label class="title" for="key">
        API key
      </label>
      <div class="send">
        <input
          id="key"
          type="password"
          autocomplete="off"
          value={key}
          aria-describedby="key-note"
          onInput={({ currentTarget }) => {
            setKey(currentTarget.value);
          }}
        />
        <button class="main" type="submit">
          Use it
        </button>
      </div>
      <p class="quiet" id="key-note">
        Kept in this page's memory only: it is gone when the page is closed or loaded again.
      </p>
    </form>
  );
}
