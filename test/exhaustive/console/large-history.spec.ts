import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type ConsoleApp, startConsole } from '../../support/console/console-app.js';
import { seedHistory } from '../../support/history/seed-history.js';
import { sized } from '../../support/sizes/sizes.js';

const SIZE = sized(
  { loads: 20_000, rejects: 100_000, batchesOfLargest: 2_000 },
  { loads: 200_000, rejects: 1_000_000, batchesOfLargest: 20_000 },
);

/** The first of them opens connections. */
const VISITS = 4;

describe(`the console over ${SIZE.loads} loads and ${SIZE.rejects} rejected records`, () => {
  let app: ConsoleApp;
  const times: string[] = [];
  beforeAll(async () => {
    app = await startConsole({ platform: 'express', console: { canSee: () => true } });
    await seedHistory((sql, parameters) => app.dataSource.query(sql, parameters), SIZE);
    // As autovacuum does it; without, an index alone would not tell which rows are visible. The server of the tests commits
    // asynchronously, and rows whose commit is not on disk are not visible to all.
    await app.rows('CHECKPOINT');
    await app.rows('VACUUM storage_loads, storage_load_batches, storage_rejected_records');
  });
  afterAll(async () => {
    process.stdout.write(`${['milliseconds of a page, the median of three visits', ...times].join('\n')}\n`);
    await app.close();
  });

  const idOf = async (sql: string): Promise<string> => (await app.rows<{ id: string }>(sql))[0]?.id ?? '';
  const loadOfMostBatches = (): Promise<string> =>
    idOf('SELECT load_id AS id FROM storage_load_batches ORDER BY batch_no DESC LIMIT 1');
  const loadOfMostRejects = (): Promise<string> =>
    idOf('SELECT load_id AS id FROM storage_rejected_records GROUP BY load_id ORDER BY count(*) DESC LIMIT 1');
  const reject = (): Promise<string> => idOf('SELECT id FROM storage_rejected_records LIMIT 1');

  it.each<[string, () => string | Promise<string>]>([
    ['overview of 24 hours', () => ''],
    ['overview of 30 days', () => '?period=30d'],
    ['loads', () => '/loads'],
    ['loads of a table, since a time', () => '/loads?table=prices&status=failed&from=2020-01-01'],
    ['a load with the most batches', async () => `/loads/${await loadOfMostBatches()}`],
    ['a load with the most rejected records', async () => `/loads/${await loadOfMostRejects()}`],
    ['rejected records', () => '/rejects'],
    ['rejected records of a table and reason', () => '/rejects?table=events&reason=23505'],
    ['rejected records of a load', async () => `/rejects?loadId=${await loadOfMostRejects()}`],
    ['a rejected record', async () => `/rejects/${await reject()}`],
    ['the content of a rejected record', async () => `/rejects/${await reject()}/content`],
    ['the preview of a replay', () => '/rejects/replay'],
    ['the preview of a purge', () => '/rejects/purge?table=events'],
    ['the page before an export', () => '/rejects/export'],
    ['schema', () => '/schema'],
  ])('%s', async (name, pathOf) => {
    const path = `/storage${await pathOf()}`;
    const visits: number[] = [];
    for (let visit = 0; visit < VISITS; visit += 1) {
      const start = performance.now();
      const { status } = await app.get(path);
      visits.push(performance.now() - start);
      expect(status).toBe(200);
    }
    const [, median = Number.NaN] = visits.slice(1).toSorted((a, b) => a - b);
    times.push(`${median.toFixed(0).padStart(5)}  ${name}`);
  });
});
