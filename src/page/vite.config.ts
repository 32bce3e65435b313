// How Vite builds the two pages for browsers, from the root of the repository: into dist/page, every address relative,
// nothing inlined, as the pages' content security policy wants it.

import { defineConfig } from 'vite';

// eslint-disable-next-line no-restricted-syntax -- what Vite looks for
export default defineConfig({
  root: 'src/page',
  base: './',
  logLevel: 'warn',
  build: {
    outDir: '../../dist/page',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    rolldownOptions: { input: ['src/page/index.html', 'src/page/docs.html'] },
  },
});
