import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LoadStatsService } from 'harbor-storage';
import request from 'supertest';
import { DataSource } from 'typeorm';

import { openTestApp, type TestApp } from './test-app.js';

const MAX_PENDING = 20;

let api: TestApp;

beforeAll(async () => {
  api = await openTestApp({ MAX_PENDING: String(MAX_PENDING) });
});
afterAll(() => api.close());

const feedback = (id: string, more: object = {}) => ({
  id,
  product: 'planner',
  rating: 4,
  sentAt: '2026-11-20T10:00:00Z',
  ...more,
});
const post = (record: object) => request(api.server).post('/feedback').send(record);
const send = async (record: object) => post(record);

describe('POST /feedback', () => {
  it('answers what became of the record when it is stored', async () => {
    const first = await post(feedback('one', { comment: 'Fine', plan: 'team' }));
    expect([first.status, first.body]).toEqual([201, { id: 'one', outcome: 'inserted' }]);
    expect((await post(feedback('one', { rating: 5, sentAt: '2026-11-20T10:00:01Z' }))).body.outcome).toBe('updated');
    expect((await post(feedback('one', { rating: 1 }))).body.outcome).toBe('unchanged');

    const stored = await request(api.server).get('/feedback/one');
    expect(stored.status).toBe(200);
    expect(stored.body).toMatchObject({ rating: 5, comment: 'Fine', extra: { plan: 'team' } });
  });

  it('answers 422 with the reason, and the column, of a rejected record', async () => {
    const { status, body } = await post(feedback('rejected', { rating: 9 }));
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'RECORD_REJECTED', reason: 'validation:max', column: 'rating' });
    expect((await request(api.server).get('/feedback/rejected')).status).toBe(404);
  });

  it.each([
    ['json', '[]'],
    ['json', '"text"'],
    ['json', '{"id": '],
    ['text/plain', '{}'],
  ])('answers 400 to a body of %s: %s', async (type, body) => {
    expect((await request(api.server).post('/feedback').type(type).send(body)).status).toBe(400);
  });

  it('stores the records of clients that come together in few loads', async () => {
    const ids = Array.from({ length: MAX_PENDING }, (_, index) => `together-${index}`);
    const loadsBefore = (await api.app.get(LoadStatsService).history()).length;
    const answers = await Promise.all(ids.map((id) => post(feedback(id))));
    expect(answers.map(({ body }) => body)).toEqual(ids.map((id) => ({ id, outcome: 'inserted' })));
    expect((await api.app.get(LoadStatsService).history()).length - loadsBefore).toBeLessThan(ids.length);
  });

  it('answers 503 with Retry-After while too many records wait', async () => {
    const blocker = api.app.get(DataSource).createQueryRunner();
    await blocker.startTransaction();
    await blocker.query('LOCK TABLE feedback');
    const answers = Array.from({ length: MAX_PENDING + 1 }, (_, index) => send(feedback(`waiting-${index}`)));
    const first = await Promise.race(answers);
    await blocker.rollbackTransaction();
    await blocker.release();
    expect([first.status, first.body.code, first.headers['retry-after']]).toEqual([503, 'BUFFER_FULL', '1']);
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(MAX_PENDING);
  });
});

describe('GET /feedback', () => {
  // Two at the same time, and two within a millisecond: the order needs the id, and the microseconds.
  const sent = ['10:00:00.000001', '10:00:00.000002', '10:00:01', '10:00:01', '10:00:02', '10:00:03', '10:00:04'];

  beforeAll(async () => {
    const records = sent.map((time, index) =>
      feedback(`listed-${index}`, { product: 'listed', rating: (index % 5) + 1, sentAt: `2026-11-21T${time}Z` }),
    );
    await Promise.all(records.map((record) => post(record).expect(201)));
  });

  const list = async (query: object) => {
    const { status, body } = await request(api.server).get('/feedback').query(query);
    expect(status).toBe(200);
    return { ids: body.items.map(({ id }: { id: string }) => id), next: body.next };
  };

  it.each([1, 2, 3, 7, 8])('pages through all records, newest first, %d at a time', async (limit) => {
    const seen: string[] = [];
    let after: string | null | undefined;
    do {
      const { ids, next } = await list({ product: 'listed', limit, after });
      seen.push(...ids);
      after = next;
    } while (after !== null);
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((index) => `listed-${index}`));
  });

  it('filters by product, rating and time', async () => {
    expect((await list({ product: 'listed', minRating: 4 })).ids).toEqual(['listed-4', 'listed-3']);
    expect((await list({ product: 'listed', since: '2026-11-21T10:00:03Z' })).ids).toEqual(['listed-6', 'listed-5']);
    expect((await list({ product: 'none' })).ids).toEqual([]);
  });

  it.each([
    { limit: 0 },
    { limit: 201 },
    { limit: 'x' },
    { minRating: 6 },
    { since: 'x' },
    { other: 1 },
    { after: 'x' },
  ])('answers 400 to %j', async (query) => {
    expect((await request(api.server).get('/feedback').query(query)).status).toBe(400);
  });
});
