import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder of the repository. */
export const ROOT = resolve(import.meta.dirname, '../..');

/** The README and the pages of the folders of `docs/`, as paths relative to the repository. */
export function pages(): string[] {
  const entries = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  const names = entries.map((name) => name.replaceAll('\\', '/')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...names.sort().map((name) => `docs/${name}`)];
}

/** The other Markdown files whose links are checked. */
export const OTHER_PAGES: readonly string[] = ['ARCHITECTURE.md', 'BENCHMARKS.md', 'CHANGELOG.md'];
