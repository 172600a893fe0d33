import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { quarantined } from '../support/app/quarantine.js';
import type { StorageApp } from '../support/app/storage-app.js';
import { traceStatements } from '../support/app/writer-trace.js';
import { startAppWith } from '../support/entities/own-entities.js';

@Entity('readings')
class Reading {
  @PrimaryColumn('text')
  id: string;

  @PrimaryColumn('integer')
  month: number;

  @Column('text', { nullable: true })
  v: string | null;
}

const HALF = 300;
const LOADERS = 4;
const ofMonth = (month: number, count = HALF, v = 'v') =>
  Array.from({ length: count }, (_, n) => ({ id: `r${n}`, month, v }));

/** One partition is partitioned itself; one is not attached yet, and has its columns in another order. */
const TABLE = `
  DROP TABLE IF EXISTS readings, r_later, r_1, r_2;
  CREATE TABLE readings (id text NOT NULL, month integer NOT NULL, v text, made integer GENERATED ALWAYS AS (month * 2) STORED,
    PRIMARY KEY (id, month)) PARTITION BY RANGE (month);
  CREATE TABLE r_1 PARTITION OF readings FOR VALUES FROM (1) TO (2);
  CREATE TABLE r_2 PARTITION OF readings FOR VALUES FROM (2) TO (3) PARTITION BY HASH (id);
  CREATE TABLE r_2a PARTITION OF r_2 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE r_2b PARTITION OF r_2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  CREATE TABLE r_later (v text, made integer GENERATED ALWAYS AS (month * 2) STORED, month integer NOT NULL, id text NOT NULL)`;

describe('partitions', () => {
  let app: StorageApp;
  let direct: { count: number };
  beforeAll(async () => {
    app = await startAppWith([Reading], { loader: { parallelism: 1 } });
    direct = traceStatements(app, /^COPY "public"\."readings"/);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await app.rows(TABLE);
    direct.count = 0;
  });

  /** Batches of one month each, and a change of the table before the second is read. */
  async function* changedBetween(change: string, first: object[], second: object[]) {
    yield* first;
    await app.rows(change);
    yield* second;
  }

  it.each(['merge', 'append'] as const)(
    'one that is attached in the middle of a load takes its rows: %s',
    async (disposition) => {
      const attach = 'ALTER TABLE readings ATTACH PARTITION r_later FOR VALUES FROM (3) TO (4)';
      const source = changedBetween(attach, [...ofMonth(1), ...ofMonth(2)], ofMonth(3));
      const result = await app.loader.loadBatch(Reading, source, { disposition, batchSize: HALF });
      expect(result).toMatchObject({ inserted: 3 * HALF, rejected: 0, retries: 0, ok: true });
      expect(direct.count).toBe(3);
      expect(await app.count("r_later WHERE made = 6 AND v = 'v'")).toBe(HALF);
    },
  );

  it('one that is detached in the middle of a load takes no more rows: they are rejected', async () => {
    const source = changedBetween(
      'ALTER TABLE readings DETACH PARTITION r_2',
      [...ofMonth(2), ...ofMonth(1)],
      [...ofMonth(1), ...ofMonth(2, 50, 'w')],
    );
    const result = await app.loader.loadBatch(Reading, source, { batchSize: HALF });
    expect(result).toMatchObject({
      received: 3 * HALF + 50,
      inserted: 2 * HALF,
      unchanged: HALF,
      rejected: 50,
      failed: 0,
    });
    expect(new Set((await quarantined(app, result.loadId)).map(({ reason }) => reason))).toEqual(new Set(['23514']));
    expect(await app.count("r_2 WHERE v = 'v'")).toBe(HALF);
  });

  it('a default partition takes what no other does', async () => {
    await app.rows('ALTER TABLE readings ATTACH PARTITION r_later DEFAULT');
    expect(await app.loader.load(Reading, [...ofMonth(7), ...ofMonth(1)])).toMatchObject({ inserted: 2 * HALF });
    expect(await app.loader.load(Reading, ofMonth(7, HALF, 'w'))).toMatchObject({ updated: HALF });
    expect(await app.count("r_later WHERE v = 'w'")).toBe(HALF);
  });

  it('a foreign one leaves no key that a merge could use', async () => {
    await app.rows(`
      ALTER TABLE readings DROP CONSTRAINT readings_pkey;
      CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
      CREATE FOREIGN TABLE r_far PARTITION OF readings FOR VALUES FROM (5) TO (6) SERVER nowhere`);
    try {
      await expect(app.loader.load(Reading, ofMonth(1))).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
    } finally {
      await app.rows('DROP FOREIGN DATA WRAPPER nothing CASCADE');
    }
  });

  it('with a unique key of its own, one is another key of the table: its rows cannot be shared out', async () => {
    await app.rows('CREATE UNIQUE INDEX ON r_2b (v)');
    const load = app.loader.loadBatch(Reading, ofMonth(2), { loadKey: 'k', shard: { index: 0, count: 2 } });
    await expect(load).rejects.toThrow('readings has another unique or exclusion key');
  });

  it('are written by overlapping loads at once, which wait for each other instead of deadlocking', async () => {
    const records = [1, 2].flatMap((month) => ofMonth(month, 2 * HALF));
    const rotated = Array.from({ length: LOADERS }, (_, n) => [
      ...records.slice((n * records.length) / LOADERS),
      ...records.slice(0, (n * records.length) / LOADERS),
    ]);
    const results = await Promise.all(
      rotated.map((each, n) =>
        app.loader.loadBatch(Reading, n % 2 === 0 ? each : each.toReversed(), { batchSize: HALF }),
      ),
    );
    expect(results).toEqual(
      results.map(() => expect.objectContaining({ failed: 0, rejected: 0, retries: 0, ok: true })),
    );
    expect(results.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(records.length);
    expect(await app.count('readings')).toBe(records.length);
  });
});
