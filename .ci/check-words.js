// Fails on words that readers have to decode, and names the plain word. `npm run lint` runs it.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { findWords } from './words.js';

const root = resolve(import.meta.dirname, '..');

/** Files and folders to check. */
const ROOTS = ['src', 'migrations', 'bench', 'examples', 'ormconfig.ts', 'docs', 'README.md', 'ARCHITECTURE.md'];

const SKIPPED = new Set(['node_modules', 'dist']);
const CHECKED = /\.(?:ts|js|md)$/;

function* filesBelow(path) {
  if (!statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory()) {
    yield path;
    return;
  }
  for (const name of readdirSync(join(root, path)).sort()) {
    if (!SKIPPED.has(name)) {
      yield* filesBelow(`${path}/${name}`);
    }
  }
}

function isChecked(path) {
  const exists = statSync(join(root, path), { throwIfNoEntry: false }) !== undefined;
  return exists && CHECKED.test(path);
}

const mistakes = ROOTS.flatMap((path) => [...filesBelow(path)])
  .filter(isChecked)
  .flatMap((path) =>
    readFileSync(join(root, path), 'utf8')
      .split('\n')
      .flatMap((line, index) => findWords(line).map(({ word, say }) => `${path}:${index + 1}: "${word}". Say: ${say}`)),
  );
if (mistakes.length > 0) {
  console.error(mistakes.join('\n'));
  process.exitCode = 1;
}
