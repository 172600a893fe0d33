// Checks the relative links of Markdown files: those of this repository, or those of the folder that is given.
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';

import { brokenLinks } from './docs/links.js';
import { OTHER_PAGES, pages, ROOT } from './docs/pages.js';

const [folder] = process.argv.slice(2);
const root = folder === undefined ? ROOT : resolve(folder);
const files =
  folder === undefined
    ? [...pages(), ...OTHER_PAGES]
    : readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
const broken = brokenLinks(root, files);
broken.forEach((link) => process.stderr.write(`broken link in ${link}\n`));
process.stdout.write(`${files.length} Markdown files checked, ${broken.length} broken links\n`);
process.exitCode = broken.length > 0 || files.length === 0 ? 1 : 0;
