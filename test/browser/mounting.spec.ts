import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type INestApplication, VersioningType } from '@nestjs/common';
import helmet from 'helmet';
import type { Browser, BrowserContextOptions } from 'playwright-core';

import { startChromium } from '../support/browser/chromium.js';
import { startStrippingProxy } from '../support/browser/stripping-proxy.js';
import { openPage } from '../support/browser/watched-page.js';
import { type ConsoleApp, type ConsoleAppOptions, startConsole } from '../support/console/console-app.js';

const OPEN = { guards: 'none', canSee: () => true } as const;
/** A host that is neither `localhost` nor reached by https: browsers tell it less about a request. */
const PLAIN_HOST = 'console.test';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium([`--host-resolver-rules=MAP ${PLAIN_HOST} 127.0.0.1`]);
});
afterAll(() => browser?.close());

async function withConsole(options: ConsoleAppOptions, work: (app: ConsoleApp) => Promise<void>): Promise<void> {
  const app = await startConsole(options);
  try {
    await app.profiles.untyped().store([{ submission_id: 't3_1', title: 'A' }, { title: 'without a key' }]);
    await work(app);
  } finally {
    await app.close();
  }
}

/**
 * Goes from the overview through all sections by their links, looks at a load and a rejected record, and replays that record.
 * @param url - of the overview
 */
async function useConsole(url: string, options: BrowserContextOptions = {}): Promise<readonly string[]> {
  const { page, faults, context } = await openPage(browser, options);
  const heading = async (): Promise<string> => page.getByRole('heading', { level: 1 }).innerText();
  const follow = async (name: string | RegExp): Promise<void> => page.getByRole('link', { name }).first().click();
  await page.goto(url);
  expect(await heading()).toBe('Overview');
  // The stylesheet was found, and the policy lets it in.
  expect(await page.evaluate('document.styleSheets[0].cssRules.length')).toBeGreaterThan(10);
  await follow('Schema');
  expect(await heading()).toBe('Schema');
  await follow('Loads');
  expect(await heading()).toBe('Loads');
  await page.locator('main tbody a').first().click();
  expect(page.url()).toMatch(/loads\/[\da-f-]{36}$/);
  await follow('Rejected records');
  expect(await heading()).toBe('Rejected records');
  await context.close();
  return faults;
}

const withPrefix = (app: INestApplication): void => {
  app.setGlobalPrefix('api');
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
};

describe('a console works', () => {
  const PLACES: readonly [string, Omit<ConsoleAppOptions, 'console'>, (origin: string) => string][] = [
    ['on Express', { platform: 'express' }, (origin) => `${origin}/storage`],
    ['on Fastify', { platform: 'fastify' }, (origin) => `${origin}/storage`],
    ['with a slash at the end', { platform: 'express' }, (origin) => `${origin}/storage/`],
    [
      'below a global prefix, with versions',
      { platform: 'express', prepare: withPrefix },
      (origin) => `${origin}/api/storage`,
    ],
    ['below them on Fastify', { platform: 'fastify', prepare: withPrefix }, (origin) => `${origin}/api/storage/`],
    [
      "with helmet's defaults",
      { platform: 'express', prepare: (app) => void app.use(helmet()) },
      (origin) => `${origin}/storage`,
    ],
  ];

  it.each(PLACES)('%s', async (_, options, urlOf) => {
    await withConsole({ ...options, console: OPEN }, async ({ origin }) => {
      expect(await useConsole(urlOf(origin))).toEqual([]);
    });
  });

  it.each(['storage', 'storage/'])('behind a proxy that strips a path, at %s', async (path) => {
    await withConsole({ platform: 'express', console: OPEN }, async ({ origin }) => {
      const proxy = await startStrippingProxy(Number(new URL(origin).port), '/ops/x');
      try {
        expect(await useConsole(`${proxy.url}${path}`)).toEqual([]);
      } finally {
        await proxy.close();
      }
    });
  });
});

describe('a guard', () => {
  it('lets nobody see anything, and its own people everything', async () => {
    await withConsole({ platform: 'express' }, async ({ origin }) => {
      const { page, context } = await openPage(browser);
      const answer = page.waitForResponse(`${origin}/storage`);
      // Of an answer without a body, Chromium shows a page of its own.
      await expect(page.goto(`${origin}/storage`)).rejects.toThrow('ERR_HTTP_RESPONSE_CODE_FAILURE');
      expect((await answer).status()).toBe(401);
      await context.close();
      expect(await useConsole(`${origin}/storage`, { extraHTTPHeaders: { 'x-operator': 'ada' } })).toEqual([]);
    });
  });
});
