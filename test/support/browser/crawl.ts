import type { Page } from 'playwright-core';

const UUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g;
/** Far more than there are. */
const MOST_PAGES = 100;

/** Says which pages are of one kind: by the path below the console, and by the names of the query parameters. */
export type KindOf = (path: string, names: readonly string[]) => string;

/** Parameters that make another page of a list than a filter does. */
const OTHER_PAGE = new Set(['after', 'scan']);

/** A page for each template, for example `loads-id`, or `loads-after` for a later page of that list. */
export const byTemplate: KindOf = (path, names) => {
  const template = path.replaceAll(UUID, 'id').replace(/^schema\/.+/, 'schema/table');
  return [...(template || 'overview').split('/'), ...names.filter((name) => OTHER_PAGE.has(name))].join('-');
};

/** A page for each load, record and table, and for each set of criteria of a filter. */
export const byContent: KindOf = (path, names) => `${path}?${names.join('&')}`;

/** Whether a link is one to a file that the browser saves. */
const IS_FILE = /[?&](?:download|format)=/;

/**
 * Follows the links of the console from its overview on, and visits one page of each kind.
 * @param root - URL of the overview, without a slash at the end
 * @returns the kinds, in the order of the visits
 */
export async function crawl(
  page: Page,
  root: string,
  kindOf: KindOf,
  visit: (kind: string) => Promise<void>,
): Promise<string[]> {
  const kind = (url: string): string => {
    const { pathname, searchParams } = new URL(url);
    // A preview freezes the end of its filter, which is then in each link.
    const names = [...new Set(searchParams.keys())].filter((name) => name !== 'to').sort();
    return kindOf(pathname.slice(new URL(root).pathname.length).replaceAll(/^\/|\/$/g, ''), names);
  };
  const seen = new Map([[kind(root), root]]);
  // A Map goes on to what is added meanwhile.
  for (const [name, url] of seen) {
    if (seen.size > MOST_PAGES)
      throw new Error(`there cannot be so many kinds of pages: ${[...seen.keys()].join(' ')}`);
    await page.goto(url);
    const hrefs = await page
      .locator('main a[href], nav a[href]')
      .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href));
    await visit(name);
    for (const href of hrefs) {
      if (!href.startsWith(root)) throw new Error(`${url} links to ${href}`);
      if (!IS_FILE.test(href) && !seen.has(kind(href))) seen.set(kind(href), href);
    }
  }
  return [...seen.keys()];
}
