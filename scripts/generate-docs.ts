// Writes the generated parts of the README and of docs/. A test compares them by the same functions.
import 'reflect-metadata';

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { withGeneratedParts } from './docs/generated-parts.js';
import { pages, ROOT } from './docs/pages.js';

for (const page of pages()) {
  const path = join(ROOT, page);
  const written = readFileSync(path, 'utf8');
  const generated = withGeneratedParts(written);
  if (generated !== written) {
    writeFileSync(path, generated);
    process.stdout.write(`wrote ${page}\n`);
  }
}
