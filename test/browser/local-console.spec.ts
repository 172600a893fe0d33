import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';

import { createTestDatabase, type TestDatabase } from '../../src/testing/index.js';
import { startChromium } from '../support/browser/chromium.js';
import { openPage } from '../support/browser/watched-page.js';
import { type RunningCli, startCli } from '../support/cli/run-cli.js';

describe('harbor-storage console', () => {
  let browser: Browser;
  let database: TestDatabase;
  let cli: RunningCli;
  beforeAll(async () => {
    [browser, database] = await Promise.all([startChromium(), createTestDatabase()]);
    cli = startCli(database.url, ['console', '--port', '0', '--json']);
  });
  afterAll(async () => {
    cli?.kill('SIGINT');
    await cli?.ended;
    await browser?.close();
    await database?.drop();
  });

  it('lets the first browser in, leaves no token in its address, and refuses the next one', async () => {
    const { url } = JSON.parse(await cli.prints('\n')) as { url: string };
    const first = await openPage(browser);
    await first.page.goto(url);
    expect(new URL(first.page.url()).search).toBe('');
    await first.page.getByRole('link', { name: 'Overview', exact: true }).click();
    expect(await first.page.getByRole('heading', { level: 1 }).innerText()).toBe('Overview');
    await first.page.goto(url);
    expect(await first.page.getByRole('heading', { level: 1 }).innerText()).toBe('Overview');
    expect(first.faults).toEqual([]);

    const second = await openPage(browser);
    const answer = second.page.waitForResponse(url);
    await expect(second.page.goto(url)).rejects.toThrow('ERR_HTTP_RESPONSE_CODE_FAILURE');
    expect((await answer).status()).toBe(403);
    await Promise.all([first.context.close(), second.context.close()]);
  });
});
