import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';

import { type ConsoleApp, PLATFORMS, startConsole } from '../../support/console/console-app.js';

describe.each(PLATFORMS)('the console on %s', (platform) => {
  let console: ConsoleApp;

  beforeAll(async () => {
    console = await startConsole({ platform });
  });

  afterAll(() => console.close());

  it.each(['/storage', '/storage/'])('shows the overview at %s', async (path) => {
    const { status, text, headers } = await console.get(path);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(text).toContain('<h1>Overview</h1>');
  });

  it.each(['/storage', '/storage/', '/storage/assets/console.css', '/storage/assets/console.js'])(
    'answers 401 and nothing at %s',
    async (path) => {
      const { status, text, headers } = await request(console.origin).get(path);
      expect([status, text]).toEqual([401, '']);
      expect(headers['content-security-policy']).toContain("default-src 'none'");
    },
  );

  it('serves its stylesheet', async () => {
    const { status, text, headers } = await console.get('/storage/assets/console.css');
    expect(status).toBe(200);
    expect(text).toContain('color-scheme');
    expect(headers['content-type']).toBe('text/css; charset=utf-8');
  });
});
