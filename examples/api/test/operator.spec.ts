import { afterAll, beforeAll, expect, it } from '@jest/globals';
import request from 'supertest';

import { openTestApp, OPERATOR, type TestApp } from './test-app.js';

let api: TestApp;

beforeAll(async () => {
  api = await openTestApp();
});
afterAll(() => api.close());

const PAGES = ['/storage', '/storage/loads', '/storage/rejects', '/storage/schema', '/metrics'];

it.each(PAGES)('%s is for the operator only', async (page) => {
  const { name, password } = OPERATOR;
  const get = () => request(api.server).get(page);
  for (const attempt of [get(), get().auth(name, 'wrong'), get().auth('wrong', password), get().auth(name, '')]) {
    const { status, headers } = await attempt;
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toMatch(/^Basic /);
  }
  const { status, type } = await get().auth(name, password);
  expect([status, type]).toEqual([200, page === '/metrics' ? 'text/plain' : 'text/html']);
});

it('serves the description of the API', async () => {
  const { status, body } = await request(api.server).get('/docs-json');
  expect(status).toBe(200);
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining(['/feedback', '/feedback/import', '/loads/{id}/progress']),
  );
  expect(Object.keys(body.components.schemas.FeedbackRecord.properties)).toContain('sentAt');
});
