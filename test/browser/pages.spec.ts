import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';

import { StorageModule } from '../../src/index.js';
import { startChromium } from '../support/browser/chromium.js';
import { byTemplate, crawl } from '../support/browser/crawl.js';
import { faintTexts, focused, sidewaysScroll, structureFaults } from '../support/browser/in-page.js';
import { seedHistory } from '../support/browser/seed-history.js';
import { SiteEntities } from '../support/browser/site-entities.js';
import { openPage } from '../support/browser/watched-page.js';
import { type ConsoleApp, startConsole } from '../support/console/console-app.js';

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const SCREENSHOTS = join(import.meta.dirname, '../../screenshots');

let browser: Browser;
let site: ConsoleApp;
let root: string;
beforeAll(async () => {
  site = await startConsole({
    platform: 'express',
    console: { guards: 'none', canSee: () => true, environment: 'staging' },
    imports: [StorageModule.forFeature(SiteEntities)],
  });
  await site.dataSource.synchronize();
  await seedHistory(site);
  root = `${site.origin}/storage`;
  browser = await startChromium();
  await mkdir(SCREENSHOTS, { recursive: true });
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

/** Looks at the page in both schemes and at both sizes: takes a screenshot of each, and tells what is wrong. */
async function look(page: Page, kind: string): Promise<string[]> {
  const wrong = await page.evaluate(structureFaults);
  for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    await page.setViewportSize(viewport);
    const sideways = await page.evaluate(sidewaysScroll);
    if (sideways > 0) wrong.push(`${sideways} pixels wider than a ${size}`);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      wrong.push(...(await page.evaluate(faintTexts)).map((text) => `faint in ${colorScheme}: ${text}`));
      const path = join(SCREENSHOTS, `${kind.replaceAll(/[^\w-]+/g, '-')}-${colorScheme}-${size}.png`);
      await page.screenshot({ path, fullPage: true });
    }
  }
  await page.setViewportSize(DESKTOP);
  return wrong.map((fault) => `${kind}: ${fault}`);
}

describe('every page', () => {
  it('has headings, landmarks and names, text that can be read in both schemes, and fits on a phone', async () => {
    const { page, faults, context } = await openPage(browser, { viewport: DESKTOP });
    const wrong: string[] = [];
    const kinds = await crawl(page, root, byTemplate, async (kind) => void wrong.push(...(await look(page, kind))));
    expect(wrong).toEqual([]);
    expect(faults).toEqual([]);
    expect(kinds).toEqual(
      expect.arrayContaining([
        'overview',
        'loads',
        'loads-id',
        'rejects',
        'rejects-id',
        'rejects-id-content',
        'schema',
      ]),
    );
    await context.close();
  }, 180_000);

  it.each(['', '/loads', '/rejects', '/schema'])(
    'shows where the focus is, in the order one reads: %s',
    async (path) => {
      const { page, context } = await openPage(browser, { viewport: DESKTOP });
      await page.goto(root + path);
      const places: Awaited<ReturnType<typeof focused>>[] = [];
      for (let count = 0; count < 40 && places.at(-1)?.name.startsWith('body') !== true; count += 1) {
        await page.keyboard.press('Tab');
        places.push(await page.evaluate(focused));
      }
      const inPage = places.filter(({ name }) => !name.startsWith('body'));
      expect(inPage[0]?.name).toBe('a Skip to content');
      expect(inPage.filter(({ isMarked }) => !isMarked)).toEqual([]);
      // Down, or to the next column.
      const LINE = 24;
      const [, ...afterSkip] = inPage;
      const jumps = afterSkip.filter(({ top, left }, index) => {
        const before = afterSkip[index - 1];
        return before !== undefined && top < before.top - LINE && left <= before.left;
      });
      expect(jumps).toEqual([]);
      await context.close();
    },
  );
});
