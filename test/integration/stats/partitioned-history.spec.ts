import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type LoadOptions, QuarantineService, SchemaService } from '../../../src/index.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { errorOf } from '../../support/parity/faults.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/operate/large-tables.md'), 'utf8');

/** SQL of the page. */
function sqlOf(name: string): string {
  const [, sql = ''] = new RegExp(`<!-- sql: ${name} -->\\s+\`\`\`sql\\n([^]*?)\`\`\``).exec(PAGE) ?? [];
  expect(sql).toContain('load_id_at(');
  return sql;
}

const post = (n: number) => ({ submission_id: `t3_${n}`, reddit_id: `${n}`, reddit_score: n % 10 });
const posts = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => post(from + index));

/** The steps of an operator, one after the other. */
describe('a history that is partitioned by time, as the page of large tables says', () => {
  let app: StorageApp;
  let quarantine: QuarantineService;
  /** The first partition has the loads of the beginning, the second those from here on. */
  let sql: (name: string) => string;
  let boundary: Date;
  beforeAll(async () => {
    app = await startStorageApp();
    quarantine = app.module.get(QuarantineService);
    await app.rows('ALTER TABLE submissions ADD CONSTRAINT scored CHECK (reddit_score <> 0)');
    await load(0, 20, { loadKey: 'old' });
    await load(20, 40);
    boundary = new Date(Date.now() + 1);
    sql = (name) => sqlOf(name).replaceAll('2027-01-01', boundary.toISOString()).replaceAll('2027-02-01', '2100-01-01');
    await app.rows(sql('partitioned-history'));
  });
  afterAll(() => app.close());

  const load = (from: number, to: number, options: LoadOptions = {}) =>
    app.loader.loadBatch('submissions', posts(from, to), { batchSize: 5, ...options });
  const partitions = (table: string) =>
    app.rows(`SELECT tableoid::regclass::text AS name, count(*)::integer AS rows FROM ${table} GROUP BY 1 ORDER BY 1`);

  it('is as the schema check expects', async () => {
    const { differences, otherTables } = await app.module.get(SchemaService).check();
    expect({ differences, otherTables }).toEqual({ differences: [], otherTables: [] });
  });

  it('knows the loads of before, and resumes one that is cut off', async () => {
    expect(await load(0, 20, { loadKey: 'old' })).toMatchObject({ alreadyCompleted: true, inserted: 18, rejected: 2 });
    const controller = new AbortController();
    const onProgress: LoadOptions['onProgress'] = ({ batches }) => batches === 2 && controller.abort();
    await errorOf(load(40, 80, { loadKey: 'new', signal: controller.signal, onProgress }));
    const resumed = await load(40, 80, { loadKey: 'new' });
    expect(resumed).toMatchObject({ received: 40, inserted: 36, rejected: 4, ok: false });
    expect(await load(40, 80, { loadKey: 'new' })).toMatchObject({ alreadyCompleted: true, inserted: 36 });
    expect(await partitions('storage_load_batches')).toEqual([
      { name: 'storage_load_batches_2027_01', rows: 8 },
      { name: 'storage_load_batches_old', rows: 8 },
    ]);
    expect(await partitions('storage_rejected_records')).toEqual([
      { name: 'storage_rejected_records_2027_01', rows: 4 },
      { name: 'storage_rejected_records_old', rows: 4 },
    ]);
  });

  it('lists, finds and replays the rejected records of all partitions', async () => {
    const listed = await quarantine.list({ table: 'submissions' });
    expect(listed.map(({ key }) => key).sort()).toEqual([0, 10, 20, 30, 40, 50, 60, 70].map((n) => `t3_${n}`).sort());
    expect(await quarantine.countByReason()).toEqual([{ reason: '23514', count: 8 }]);
    for (const { id, key } of listed) {
      expect(await quarantine.get(id)).toMatchObject({ key });
    }
    expect(await app.rows(sql('history-is-over'))).toEqual([{ needed: '1', open: '4' }]);
    await app.rows('ALTER TABLE submissions DROP CONSTRAINT scored');
    expect(await quarantine.replay({ table: 'submissions' })).toMatchObject({ loaded: 8 });
    expect(await app.count('submissions')).toBe(80);
    expect(await app.rows(sql('history-is-over'))).toEqual([{ needed: '1', open: '0' }]);
  });

  it('loses a partition whose loads are over', async () => {
    expect(await app.stats.purge({ olderThan: boundary, keepKeys: boundary })).toEqual({ loads: 2, batches: 8 });
    expect(await app.rows(sql('history-is-over'))).toEqual([{ needed: '0', open: '0' }]);
    await app.rows(`
      ALTER TABLE storage_load_batches DETACH PARTITION storage_load_batches_old;
      ALTER TABLE storage_rejected_records DETACH PARTITION storage_rejected_records_old;
      DROP TABLE storage_load_batches_old, storage_rejected_records_old`);
    expect(await load(40, 80, { loadKey: 'new' })).toMatchObject({ alreadyCompleted: true, inserted: 36 });
    expect(await quarantine.purge({ replayed: true })).toEqual({ purged: 4, open: 0 });
    expect(await load(80, 90)).toMatchObject({ inserted: 10 });
  });
});
