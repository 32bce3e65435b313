// Puts the page together in the browser.

import { render } from 'preact';
import { Api } from './api.ts';
import { App } from './app.tsx';

const root = document.querySelector('#page');
if (root !== null) {
  root.replaceChildren();
  render(<App api={new Api(document.baseURI)} />, root);
}
