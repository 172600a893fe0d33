import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { v7 } from 'uuid';

import { StorageModule } from '../../src/index.js';
import { startChromium } from '../support/browser/chromium.js';
import { byContent, crawl } from '../support/browser/crawl.js';
import { insert, rawOf } from '../support/browser/seed-history.js';
import { SiteEntities, TAGS } from '../support/browser/site-entities.js';
import { openPage } from '../support/browser/watched-page.js';
import { type ConsoleApp, startConsole } from '../support/console/console-app.js';

/** Would run code in a page that does not escape it, in a text or in an attribute; tells where it stood. */
const attack = (field: string): string => `"'><script>hacked()</script><img src=x onerror=hacked() alt=${field}>`;

/** Fields that a page shows as they are; a reader must find them. */
const SHOWN = [
  'source',
  'load key',
  'table of a load',
  'error code',
  'error message',
  'unknown field',
  'table of a combined load',
  'primary key',
  'reason',
  'column',
  'message',
  'record key',
  'content',
] as const;

let browser: Browser;
let site: ConsoleApp;
beforeAll(async () => {
  site = await startConsole({
    platform: 'express',
    console: { guards: 'none', canSee: () => true, environment: '<img src=x onerror=hacked()>' },
    imports: [StorageModule.forFeature(SiteEntities)],
  });
  await site.dataSource.synchronize();
  await seedAttacks();
  browser = await startChromium();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

async function seedAttacks(): Promise<void> {
  const now = new Date();
  const load = {
    id: v7(),
    load_key: attack('load key'),
    table_name: attack('table of a load'),
    disposition: attack('disposition'),
    options: { primaryKey: [attack('primary key')], newerBy: attack('newer by'), schema: attack('schema') },
    source: attack('source'),
    status: 'failed',
    received: 9,
    rejected: 9,
    unknown_fields: { [attack('unknown field')]: 2 },
    unknown_fields_policy: attack('policy'),
    error_code: attack('error code'),
    error_message: attack('error message'),
    started_at: now,
    finished_at: now,
  };
  const combined = {
    id: v7(),
    table_name: attack('name of a combined load'),
    disposition: 'merge',
    options: { tables: [attack('table of a combined load')] },
    tables: { [attack('table of a combined load')]: { received: 3, inserted: 3 } },
    received: 3,
    stored: 3,
    status: 'completed',
    started_at: now,
    finished_at: now,
  };
  const running = {
    id: v7(),
    table_name: attack('table of a running load'),
    disposition: 'merge',
    status: 'running',
    started_at: now,
  };
  await insert(site.rows, 'storage_loads', [load, combined, running]);
  const reject = {
    id: v7(),
    load_id: load.id,
    table_name: attack('table of a record'),
    position: 0,
    record_key: attack('record key'),
    raw: rawOf(JSON.stringify({ id: attack('content'), [attack('field')]: 1 })),
    reason: attack('reason'),
    column_name: attack('column'),
    message: attack('message'),
    created_at: now,
  };
  await insert(site.rows, 'storage_rejected_records', [
    reject,
    { ...reject, id: v7(), table_name: TAGS, position: 1, reason: 'wrong_type', column_name: `${TAGS}column` },
  ]);
  // Names of fields that the schema page proposes as columns.
  await site.rows(`INSERT INTO "${TAGS}" (id, extra) VALUES ('1', $1)`, [
    JSON.stringify({ [attack('captured')]: 'a' }),
  ]);
  // A column that the entity has not, and one of another type: differences that the schema page names.
  await site.rows(`ALTER TABLE "${TAGS}" ADD COLUMN "${TAGS}surplus" integer NOT NULL DEFAULT 0`);
  await site.rows(`ALTER TABLE "${TAGS}" ALTER COLUMN "${TAGS}column" TYPE text`);
}

describe('text that would run code in a page', () => {
  it('is shown as text on every page, wherever it comes from', async () => {
    const { page, faults, context } = await openPage(browser);
    const shown: string[] = [];
    const made: string[] = [];
    const root = `${site.origin}/storage`;
    await crawl(page, root, byContent, async (kind) => {
      shown.push(await page.locator('body').innerText());
      const count = await page.locator('img, [onerror], script:not([src])').count();
      if (count > 0) made.push(`${kind}: ${count} elements of the attack`);
    });
    expect(made).toEqual([]);
    expect(faults).toEqual([]);
    const all = shown.join('\n');
    expect(SHOWN.filter((field) => !all.includes(attack(field)))).toEqual([]);
    await context.close();
  });

  it.each([
    '?period=',
    'loads?table=',
    'loads?status=',
    'loads?after=',
    'rejects?reason=',
    'rejects?loadId=',
    'schema/',
    'loads/',
  ])('is shown as text when the URL brings it: %s', async (path) => {
    const { page, faults, context } = await openPage(browser);
    await page.goto(`${site.origin}/storage/${path.replace(/^\?/, '?')}${encodeURIComponent(attack('url'))}`);
    expect(await page.locator('img, script:not([src])').count()).toBe(0);
    expect(faults.filter((fault) => !/status of 40[04]/.test(fault))).toEqual([]);
    await context.close();
  });
});
