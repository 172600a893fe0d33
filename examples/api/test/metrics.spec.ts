import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LoadStatsService } from 'harbor-storage';
import request from 'supertest';

import { openTestApp, OPERATOR, type TestApp } from './test-app.js';
import { linesOfFeedback, NDJSON } from './uploads.js';

let api: TestApp;

beforeAll(async () => {
  api = await openTestApp();
});
afterAll(() => api.close());

const RECORDS = /^harbor_storage_records_total\{.*table="feedback".*outcome="(\w+)".*\} (\d+)$/gm;

it('/metrics agrees with the history of loads to the row', async () => {
  const importLines = async (lines: Iterable<string>) =>
    request(api.server)
      .post('/feedback/import')
      .type(NDJSON)
      .send([...lines].join(''))
      .expect(200);
  await importLines(linesOfFeedback(1_000, 50));
  const changed = [...linesOfFeedback(30)].map((line) => line.replace('"planner"', '"other"'));
  await importLines([...linesOfFeedback(1_100, 70), ...changed, ...changed]);
  const feedback = { id: 'one', product: 'planner', rating: 1, sentAt: '2026-11-20T10:00:00Z' };
  await request(api.server).post('/feedback').send(feedback).expect(201);
  await request(api.server)
    .post('/feedback')
    .send({ ...feedback, rating: 6 })
    .expect(422);

  const { text } = await request(api.server).get('/metrics').auth(OPERATOR.name, OPERATOR.password).expect(200);
  const told = Object.fromEntries([...text.matchAll(RECORDS)].map(([, outcome, count]) => [outcome, Number(count)]));
  const { inserted, updated, unchanged, duplicates, rejected } =
    (await api.app.get(LoadStatsService).totals())['feedback'] ?? {};
  const kept = { inserted, updated, unchanged, duplicates, rejected };
  expect(Object.values(kept).filter((count) => count !== undefined && count > 0).length).toBeGreaterThanOrEqual(4);
  expect(told).toMatchObject(Object.fromEntries(Object.entries(kept).filter(([, count]) => count)));
});

it('/health answers 200 while records can be stored', async () => {
  const { status, body } = await request(api.server).get('/health');
  expect([status, body.status, body.info.storage.status]).toEqual([200, 'ok', 'up']);
});
