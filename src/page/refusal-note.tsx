// A refusal in the server's own words: its sentence, its hint.

import type { Refusal } from './api.ts';

export function RefusalNote({ refusal: { status, message, hint } }: { refusal: Refusal }) {
  return (
    <div class="card refusal" role="alert">
      <p>
        <strong>{status === null ? 'Error' : `Error ${String(status)}`}:</strong> {message}
      </p>
      <p>
        <strong>Hint:</strong> {hint}
      </p>
    </div>
  );
}
