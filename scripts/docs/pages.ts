import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder of the repository. */
export const ROOT = resolve(import.meta.dirname, '../..');

/** The README and the pages of `docs/`, as paths relative to the repository. */
export function pages(): string[] {
  const names = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...names.sort().map((name) => `docs/${name}`)];
}

/** The other Markdown files whose links are checked. */
export const OTHER_PAGES: readonly string[] = ['ARCHITECTURE.md', 'BENCHMARKS.md', 'CHANGELOG.md'];
