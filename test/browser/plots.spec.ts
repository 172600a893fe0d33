import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';

import { startChromium } from '../support/browser/chromium.js';
import { seedHistory } from '../support/browser/seed-history.js';
import { openPage } from '../support/browser/watched-page.js';
import { type ConsoleApp, startConsole } from '../support/console/console-app.js';

let browser: Browser;
let site: ConsoleApp;
beforeAll(async () => {
  site = await startConsole({ platform: 'express', console: { guards: 'none' } });
  browser = await startChromium();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

/** A bar as it is drawn. */
interface Bar {
  readonly bottom: number;
  readonly height: number;
  readonly fill: string;
  /** The numbers of its hover title. */
  readonly numbers: readonly string[];
}

const figureOf = (page: Page, plot: string) => page.locator('figure', { hasText: plot });

async function barsOf(page: Page, plot: string): Promise<Bar[]> {
  return figureOf(page, plot)
    .locator('svg[role=img] rect')
    .evaluateAll((rects) =>
      rects.map((rect) => {
        const { bottom, height } = rect.getBoundingClientRect();
        const title = rect.querySelector('title')?.textContent ?? '';
        return { bottom, height, fill: getComputedStyle(rect).fill, numbers: title.match(/[\d.,]+/g) ?? [] };
      }),
    );
}

/** The cells of the table behind a plot, without the heads of rows. */
async function cellsOf(page: Page, plot: string): Promise<string[][]> {
  return figureOf(page, plot)
    .locator('tbody tr')
    .evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent ?? '')));
}

const numberOf = (text: string): number => Number(text.replaceAll(',', ''));

/** Expects bars, each with its value, to have heights of one scale; the smallest have a least height to be seen. */
function expectToScale(bars: readonly Bar[], values: readonly number[]): void {
  const tallest = Math.max(...bars.map(({ height }) => height));
  expect(tallest).toBeGreaterThan(20);
  const scales = bars.flatMap(({ height }, index) => (height < tallest / 10 ? [] : [height / (values[index] ?? NaN)]));
  expect(Math.max(...scales) / Math.min(...scales)).toBeLessThan(1.1);
}

describe('a plot without loads', () => {
  it('says so between its axes', async () => {
    const { page, faults, context } = await openPage(browser);
    await page.goto(`${site.origin}/storage`);
    const figure = figureOf(page, 'Records by outcome');
    expect(await figure.locator('svg').innerHTML()).toContain('No loads in this period');
    expect(await figure.locator('svg rect').count()).toBe(0);
    expect(faults).toEqual([]);
    await context.close();
  });
});

describe('a plot', () => {
  beforeAll(() => seedHistory(site));

  it.each([
    ['24h', '24 hours', 24],
    ['7d', '7 days', 28],
    ['30d', '30 days', 30],
  ])('has a bar for each number of its table, as high as the number says: %s', async (period, name, buckets) => {
    const { page, faults, context } = await openPage(browser);
    await page.goto(`${site.origin}/storage`);
    await page.getByRole('link', { name, exact: true }).click();
    expect(new URL(page.url()).search).toBe(`?period=${period}`);

    const rows = await cellsOf(page, 'Records by outcome');
    const bars = await barsOf(page, 'Records by outcome');
    expect([buckets, buckets + 1]).toContain(rows.length);
    const drawn = rows.map((row) => row.filter((cell) => numberOf(cell) > 0));
    expect(bars.map(({ numbers }) => numbers.at(-1))).toEqual(drawn.flat());
    expectToScale(bars, drawn.flat().map(numberOf));
    // The bars of a bucket stand on each other, the first one on the axis.
    const axis = Math.max(...bars.map(({ bottom }) => bottom));
    let at = 0;
    for (const row of drawn) {
      let floor = axis;
      for (const { bottom, height } of bars.slice(at, at + row.length)) {
        expect(Math.abs(bottom - floor)).toBeLessThan(1);
        floor = bottom - height;
      }
      at += row.length;
    }

    for (const plot of ['Rate of loads', 'Duration of loads']) {
      const cells = (await cellsOf(page, plot)).flat().filter((cell) => /[1-9]/.test(cell));
      expect([plot, (await barsOf(page, plot)).length]).toEqual([plot, cells.length]);
    }
    expect(faults).toEqual([]);
    await context.close();
  });

  it('has colours that differ from each other and from the page, in both schemes', async () => {
    const { page, context } = await openPage(browser);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.goto(`${site.origin}/storage?period=30d`);
      const fills = new Set((await barsOf(page, 'Records by outcome')).map(({ fill }) => fill));
      const series = await figureOf(page, 'Records by outcome').locator('thead th.number').count();
      expect(fills.size).toBe(series);
      expect(fills).not.toContain('rgb(0, 0, 0)');
    }
    await context.close();
  });

  it('shows the batches of a load over its time', async () => {
    const { page, faults, context } = await openPage(browser);
    const [load] = await site.rows<{ id: string; batches: number }>(
      'SELECT load_id AS id, count(*)::integer AS batches FROM storage_load_batches GROUP BY 1 ORDER BY 2 DESC LIMIT 1',
    );
    await page.goto(`${site.origin}/storage/loads/${load?.id}`);
    expect(await barsOf(page, 'Records committed')).toHaveLength(load?.batches ?? NaN);
    expect(await cellsOf(page, 'Records committed')).toHaveLength(load?.batches ?? NaN);
    expect(faults).toEqual([]);
    await context.close();
  });
});
