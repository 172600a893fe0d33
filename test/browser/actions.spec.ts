import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import helmet from 'helmet';
import type { Browser, Page } from 'playwright-core';

import { StorageModule } from '../../src/index.js';
import { startChromium } from '../support/browser/chromium.js';
import { Price } from '../support/browser/site-entities.js';
import { openPage } from '../support/browser/watched-page.js';
import { type ConsoleApp, startConsole } from '../support/console/console-app.js';

/** Neither `localhost` nor reached by https: a browser sends no Sec-Fetch-Site there. */
const PLAIN_HOST = 'console.test';

let browser: Browser;
let site: ConsoleApp;
beforeAll(async () => {
  site = await startConsole({
    platform: 'express',
    console: { guards: 'none', canSee: (_, table) => table === 'prices' },
    imports: [StorageModule.forFeature([Price])],
    prepare: (app) => void app.use(helmet()),
  });
  await site.dataSource.synchronize();
  browser = await startChromium([`--host-resolver-rules=MAP ${PLAIN_HOST} 127.0.0.1`]);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

/** Four rejected prices, of which three have been of a wrong type and would be loaded now, and one rejected profile. */
beforeEach(async () => {
  await site.rows('DELETE FROM storage_rejected_records; DELETE FROM storage_loads; DELETE FROM prices');
  const records = [{ id: 'a', amount: 'x' }, { id: 'b', amount: 'x' }, { id: 'c', amount: 'x' }, { amount: 4 }];
  await site.loader.for<Price, object>(Price).load(records);
  await site.rows(
    `UPDATE storage_rejected_records SET raw = convert_to(replace(convert_from(raw, 'UTF8'), '"x"', '7'), 'UTF8')`,
  );
  await site.profiles.untyped().store([{ submission_id: 't3_1', title: 'secret-4711', opportunity_score: 'x' }]);
});

/** Reasons of the records that are still open. */
const open = async (): Promise<unknown[]> => {
  const rows = await site.rows<{ reason: string }>(
    'SELECT reason FROM storage_rejected_records WHERE replayed_at IS NULL ORDER BY reason, id',
  );
  return rows.map(({ reason }) => reason);
};

/** Goes from the overview to the rejected prices of a wrong type, as an operator would. */
async function filtered(page: Page, origin = site.origin): Promise<void> {
  await page.goto(`${origin}/storage`);
  await page.getByRole('link', { name: 'Rejected records', exact: true }).click();
  await page.getByRole('textbox', { name: 'Table' }).fill('prices');
  await page.getByRole('textbox', { name: 'Reason' }).fill('wrong_type');
  await page.getByRole('button', { name: 'Filter' }).click();
  expect(Object.fromEntries(new URL(page.url()).searchParams)).toMatchObject({ table: 'prices', reason: 'wrong_type' });
}

const VISITORS = [
  ['with JavaScript', { javaScriptEnabled: true }, 'localhost'],
  ['without JavaScript', { javaScriptEnabled: false }, 'localhost'],
  ['over plain http', { javaScriptEnabled: true }, PLAIN_HOST],
] as const;

describe.each(VISITORS)('rejected records %s', (_, options, host) => {
  const originOf = (): string => site.origin.replace(/\/\/[^:]+/, `//${host}`);

  it('are replayed as the filter shows them, after a preview', async () => {
    const { page, faults, context } = await openPage(browser, options);
    await filtered(page, originOf());
    await page.getByRole('link', { name: /^Replay/ }).click();
    expect(await page.locator('main').innerText()).toContain('3 records');
    // Rejected after the preview: not taken.
    await site.loader.for<Price, object>(Price).load([{ id: 'late', amount: 'x' }]);
    await page.getByRole('button', { name: 'Replay 3 records' }).click();
    expect(await page.locator('main').innerText()).toMatch(/3 loaded/);
    expect(await site.count('prices')).toBe(3);
    expect(await open()).toEqual(['missing_key', 'wrong_type', 'wrong_type']);
    expect(faults.filter((fault) => !isOfPlainHttp(fault))).toEqual([]);
    await context.close();
  });

  it('are purged as the filter shows them, once the box is ticked', async () => {
    const { page, faults, context } = await openPage(browser, options);
    await filtered(page, originOf());
    await page.getByRole('link', { name: /^Purge/ }).click();
    expect(await page.locator('main').innerText()).toContain('3 records');
    const button = page.getByRole('button', { name: 'Purge 3 records' });
    await button.click();
    // The browser asks for the box.
    expect(await open()).toHaveLength(5);
    await page.getByRole('checkbox').check();
    await button.click();
    await page.getByText(/Deleted 3 records/).waitFor();
    expect(await open()).toEqual(['missing_key', 'wrong_type']);
    expect(faults.filter((fault) => !isOfPlainHttp(fault))).toEqual([]);
    await context.close();
  });
});

/** Chromium says so of headers of helmet that plain http makes useless. */
function isOfPlainHttp(fault: string): boolean {
  return fault.includes(PLAIN_HOST) && /Cross-Origin-Opener-Policy|Origin-Agent-Cluster/.test(fault);
}

describe('the content of a rejected record', () => {
  it('is shown on demand, with the column at fault marked', async () => {
    const { page, faults, context } = await openPage(browser);
    await filtered(page);
    await page
      .locator('main td a, main th a')
      .filter({ hasText: /^\d{4}-/ })
      .first()
      .click();
    expect(await page.locator('main').innerText()).not.toContain('"amount":7');
    await page.getByRole('link', { name: 'Show the content' }).click();
    expect(await page.locator('pre').innerText()).toContain('"amount":7');
    expect(await page.locator('pre mark').innerText()).toContain('amount');
    expect(faults).toEqual([]);
    await context.close();
  });

  it('is not shown to whom canSee does not let see it', async () => {
    const { page, context } = await openPage(browser);
    await page.goto(`${site.origin}/storage/rejects?table=submissions`);
    await page
      .locator('main td a, main th a')
      .filter({ hasText: /^\d{4}-/ })
      .first()
      .click();
    expect(await page.getByRole('link', { name: 'Show the content' }).count()).toBe(0);
    const answer = await page.goto(`${page.url()}/content`);
    expect([answer?.status(), await page.content()]).toEqual([403, expect.not.stringContaining('secret-4711')]);
    await context.close();
  });

  it('is exported as the filter shows it', async () => {
    const { page, context } = await openPage(browser);
    await filtered(page);
    await page.getByRole('link', { name: /^Export/ }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export as jsonl' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('rejects-prices-wrong_type.jsonl');
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id).sort()).toEqual(['a', 'b', 'c']);
    await context.close();
  });
});
