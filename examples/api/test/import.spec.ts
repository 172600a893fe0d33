import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LoadStatsService, QuarantineService } from 'harbor-storage';
import { filter, firstValueFrom } from 'rxjs';
import request from 'supertest';

import { openTestApp, type TestApp } from './test-app.js';
import { linesOfFeedback, NDJSON, Upload } from './uploads.js';

const LINES = 10_000;
const BAD_EVERY = 97;
const BAD = Math.floor(LINES / BAD_EVERY);
/** More than one batch of the loader. */
const FIRST_PART = 6_000;

let api: TestApp;

beforeAll(async () => {
  api = await openTestApp();
});
afterAll(() => api.close());

const importLines = (lines: Iterable<string>, loadKey?: string) => {
  const post = request(api.server).post('/feedback/import').type(NDJSON);
  return (loadKey === undefined ? post : post.set('idempotency-key', loadKey)).send([...lines].join(''));
};

it('stores every good line, answers why the others were rejected, and repeats the answer for the same key', async () => {
  const { status, body } = await importLines(linesOfFeedback(LINES, BAD_EVERY), 'key-1');
  expect(status).toBe(200);
  const { rejects, ...counts } = body;
  expect(counts).toMatchObject({ ok: false, alreadyCompleted: false, received: LINES, inserted: LINES - BAD });
  expect(counts.rejected).toBe(BAD);
  expect(rejects.map(({ position }: { position: number }) => position)).toEqual(
    Array.from({ length: BAD }, (_, index) => (index + 1) * BAD_EVERY - 1),
  );
  expect(rejects[0]).toMatchObject({ key: `line-${BAD_EVERY - 1}`, reason: 'wrong_type', column: 'rating' });
  const kept = await api.app.get(QuarantineService).get(rejects[0].id, { withRaw: true });
  expect(`${kept?.raw?.toString()}\n`).toBe([...linesOfFeedback(LINES, BAD_EVERY)][BAD_EVERY - 1]);

  const again = await importLines(['{"id": "never read"}\n'], 'key-1');
  expect(again.status).toBe(200);
  expect(again.body).toEqual({ ...body, alreadyCompleted: true });
});

it('loads lines while they arrive', async () => {
  const upload = new Upload(api.url);
  const progress = firstValueFrom(api.app.get(LoadStatsService).progress({ source: 'POST /feedback/import' }));
  const lines = [...linesOfFeedback(LINES)];
  upload.send(lines.slice(0, FIRST_PART));
  const { loaded } = await progress; // of the first batch, before the others are sent
  expect(loaded).toBeGreaterThan(0);
  upload.send(lines.slice(FIRST_PART));
  const { status, body } = await upload.end();
  expect([status, body.received, body.inserted, body.unchanged]).toEqual([200, LINES, BAD, LINES - BAD]);
});

it('resumes an import whose client has gone, by its key', async () => {
  const stats = api.app.get(LoadStatsService);
  const ofKey = stats.progress({ loadKey: 'key-2' });
  const firstBatch = firstValueFrom(ofKey);
  const interrupted = firstValueFrom(ofKey.pipe(filter(({ status }) => status === 'interrupted')));
  const upload = new Upload(api.url, 'key-2');
  upload.request.once('error', () => {}); // the connection that is cut here
  upload.send([...linesOfFeedback(LINES)].slice(0, FIRST_PART));
  const { loadId } = await firstBatch;
  upload.request.destroy();
  expect((await interrupted).loadId).toBe(loadId);

  const { status, body } = await importLines(linesOfFeedback(LINES), 'key-2');
  expect([status, body.loadId, body.received, body.unchanged]).toEqual([200, loadId, LINES, LINES]);
  expect(await stats.findLoad(loadId)).toMatchObject({ status: 'completed', attempt: 2 });
});

it('ends an import with too many rejected lines', async () => {
  const { status, body } = await importLines(linesOfFeedback(1001, 1));
  expect([status, body.code]).toEqual([422, 'REJECT_LIMIT_EXCEEDED']);
});

it('rejects lines that are no JSON, no objects or too long', async () => {
  const { body } = await importLines(['{"id": \n', '[]\n', `{"id": "${'x'.repeat(1024 * 1024)}"}\n`]);
  expect(body.rejects.map(({ reason }: { reason: string }) => reason)).toEqual([
    'invalid_json',
    'not_an_object',
    'line_too_long',
  ]);
});

it.each(['application/json', 'text/csv', ''])('answers 415 to a body of type %j', async (type) => {
  const post = request(api.server).post('/feedback/import');
  expect((await (type === '' ? post : post.type(type)).send('{}')).status).toBe(415);
});

it('answers 400 to a key that is too long', async () => {
  expect((await importLines(linesOfFeedback(1), 'k'.repeat(513))).status).toBe(400);
});
