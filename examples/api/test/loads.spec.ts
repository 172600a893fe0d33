import { once } from 'node:events';
import { get } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LoadStatsService } from 'harbor-storage';
import { firstValueFrom } from 'rxjs';
import request from 'supertest';

import { openTestApp, type TestApp } from './test-app.js';
import { eventsOf, linesOfFeedback, NDJSON, Upload } from './uploads.js';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const LINES = 12_000;
/** More than one batch of the loader. */
const FIRST_PART = 6_000;

let api: TestApp;
const loadIds: string[] = [];

beforeAll(async () => {
  api = await openTestApp();
  for (const count of [1, 2, 3]) {
    const lines = [...linesOfFeedback(count)].join('');
    const { body } = await request(api.server).post('/feedback/import').type(NDJSON).send(lines);
    loadIds.unshift(body.loadId);
  }
});
afterAll(() => api.close());

describe('GET /loads', () => {
  it('pages through the history, newest first', async () => {
    const first = await request(api.server).get('/loads').query({ limit: 2 });
    const second = await request(api.server).get('/loads').query({ limit: 2, after: first.body.next });
    const ids = [...first.body.items, ...second.body.items].map(({ loadId }) => loadId);
    expect(ids).toEqual(loadIds);
    expect(second.body.next).toBeNull();
  });

  it('filters by table and status', async () => {
    const count = async (query: object) => (await request(api.server).get('/loads').query(query)).body.items.length;
    expect(await count({ table: 'feedback', status: 'completed' })).toBe(3);
    expect(await count({ status: 'failed' })).toBe(0);
    expect(await count({ table: 'submissions' })).toBe(0);
  });

  it.each([{ limit: 0 }, { status: 'lost' }, { after: 'x' }, { after: UNKNOWN }])(
    'answers 400 to %j',
    async (query) => {
      expect((await request(api.server).get('/loads').query(query)).status).toBe(400);
    },
  );
});

it('GET /loads/:id reads one load', async () => {
  const { status, body } = await request(api.server).get(`/loads/${loadIds[0]}`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ loadId: loadIds[0], table: 'feedback', received: 3, inserted: 1, unchanged: 2 });
  expect((await request(api.server).get(`/loads/${UNKNOWN}`)).status).toBe(404);
  expect((await request(api.server).get('/loads/x')).status).toBe(400);
});

describe('GET /loads/:id/progress', () => {
  it('tells the end of a load that has ended', async () => {
    const events = await eventsOf(`${api.url}/loads/${loadIds[0]}/progress`);
    expect(events).toEqual([
      { loadId: loadIds[0], table: 'feedback', status: 'completed', received: 3, loaded: 3, rejected: 0, failed: 0 },
    ]);
  });

  it('follows a running load to its end, and loses nobody when a client disconnects', async () => {
    const upload = new Upload(api.url);
    const firstBatch = firstValueFrom(api.app.get(LoadStatsService).progress({ source: 'POST /feedback/import' }));
    const lines = [...linesOfFeedback(LINES, 1_000)];
    upload.send(lines.slice(0, FIRST_PART));
    const { loadId } = await firstBatch;
    const url = `${api.url}/loads/${loadId}/progress`;

    const leaving = get(url);
    const [response] = await once(leaving, 'response');
    await once(response, 'data');
    leaving.destroy();

    const events = eventsOf(url);
    upload.send(lines.slice(FIRST_PART));
    const { body } = await upload.end();
    const told = await events;
    expect(told.at(-1)).toMatchObject({ loadId, status: 'completed', received: LINES, rejected: body.rejected });
    expect(told.slice(0, -1).every(({ status }) => status === 'running')).toBe(true);
    expect(told.length).toBeGreaterThan(1);
  });

  it('answers 404 for an unknown load', async () => {
    expect((await request(api.server).get(`/loads/${UNKNOWN}/progress`)).status).toBe(404);
  });
});
