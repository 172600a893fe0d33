import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const LINK = /(?<!!)\[(?:[^\][]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?\)/g;
const EXTERNAL = /^[a-z][a-z+.-]*:/i;

/** The relative links of a page, without those in code. */
export function linksIn(page: string): string[] {
  return Array.from(withoutCode(page).matchAll(LINK), ([, target]) => target as string).filter(
    (target) => !EXTERNAL.test(target),
  );
}

/** The anchors of a page: its headings as GitHub names them, and `id` attributes. */
export function anchorsIn(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, title] of withoutFences(page).matchAll(/^#{1,6}\s+(.+?)\s*$/gm)) {
    const slug = slugOf(title as string);
    let unique = slug;
    for (let count = 1; anchors.has(unique); count++) {
      unique = `${slug}-${count}`;
    }
    anchors.add(unique);
  }
  for (const [, id] of page.matchAll(/<a (?:id|name)="([^"]+)"/g)) {
    anchors.add(id as string);
  }
  return anchors;
}

/**
 * Links of Markdown files that lead nowhere, as `file: target`.
 * @param files - paths relative to `root`
 */
export function brokenLinks(root: string, files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const path = join(root, file);
    return linksIn(readFileSync(path, 'utf8'))
      .filter((target) => !resolves(path, target))
      .map((target) => `${file}: ${target}`);
  });
}

/** The files that can be reached from a page by links, itself included. */
export function reachableFrom(root: string, page: string): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [page];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const path = join(root, next);
    if (!reached.has(next) && next.endsWith('.md') && existsSync(path)) {
      reached.add(next);
      const targets = linksIn(readFileSync(path, 'utf8')).map((target) => target.replace(/#.*$/, ''));
      open.push(...targets.map((target) => relative(root, join(dirname(path), target))));
    }
  }
  return reached;
}

function resolves(from: string, target: string): boolean {
  const [file = '', anchor] = decodeURIComponent(target).split('#');
  const path = file === '' ? from : join(dirname(from), file);
  if (!existsSync(path)) {
    return false;
  }
  return anchor === undefined || (statSync(path).isFile() && anchorsIn(readFileSync(path, 'utf8')).has(anchor));
}

/** https://docs.github.com/en/get-started/writing-on-github: lower case, no punctuation, hyphens for spaces. */
function slugOf(title: string): string {
  return title
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-');
}

function withoutFences(page: string): string {
  return page.replaceAll(/^[ ]*(`{3,}|~{3,})[\s\S]*?^[ ]*\1/gm, '');
}

function withoutCode(page: string): string {
  return withoutFences(page).replaceAll(/`[^`\n]*`/g, '`code`');
}
