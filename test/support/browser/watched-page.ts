import type { BrowserContext, BrowserContextOptions, Browser, Page } from 'playwright-core';

/** A page of a browser, and what went wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  /**
   * What a user would not see: errors and warnings on the console, which tell of a violated CSP, errors of scripts, dialogs,
   * and answers of the server with status 500 and more.
   */
  readonly faults: readonly string[];
  readonly context: BrowserContext;
}

/** Opens a page in a context of its own, without cookies of others. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(`${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`));
  page.on('response', (response) => {
    if (response.status() >= 500) faults.push(`${response.url()}: status ${response.status()}`);
  });
  page.on('dialog', (dialog) => {
    faults.push(`${page.url()}: dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, faults, context };
}
