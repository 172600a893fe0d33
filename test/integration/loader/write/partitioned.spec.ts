import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, type EntityManager, PrimaryColumn } from 'typeorm';

import { InvalidLoadError, type LoadOptions } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { traceStatements } from '../../../support/app/writer-trace.js';
import { untilLockIsAwaited } from '../../../support/database/lock-waits.js';
import { sized } from '../../../support/sizes/sizes.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

@Entity('measurements')
class Measurement {
  @PrimaryColumn('integer')
  id: number;

  @PrimaryColumn('date')
  day: string;

  @Column('integer', { nullable: true })
  value: number | null;

  @Column('text', { default: 'none' })
  note: string;
}

@Entity('base')
class Base {
  @PrimaryColumn('integer')
  id: number;
}

@Entity('ruled')
class Ruled {
  @PrimaryColumn('integer')
  id: number;
}

const DAYS = ['2024-05-05', '2025-05-05', '2026-02-05', '2026-08-05'];

/** Rows of all partitions, some with a note and some without: a mask tells them apart. */
const rowsOf = (count: number, value = 0) =>
  Array.from({ length: count }, (_, id) => ({
    id,
    day: DAYS[id % DAYS.length],
    value,
    ...(id % 2 === 0 && { note: 'n' }),
  }));

describe('a partitioned table', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Measurement]);
    // Three partitions, one of them partitioned itself, and none for 2027.
    await app.rows(`
      DROP TABLE measurements;
      CREATE TABLE measurements (id integer, day date, value integer CHECK (value < 100), note text NOT NULL DEFAULT 'none',
        PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
      CREATE TABLE m2024 PARTITION OF measurements FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
      CREATE TABLE m2025 PARTITION OF measurements FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
      CREATE TABLE m2026 PARTITION OF measurements FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY RANGE (day);
      CREATE TABLE m2026a PARTITION OF m2026 FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
      CREATE TABLE m2026b PARTITION OF m2026 FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
      ALTER TABLE submissions RENAME TO plain;
      CREATE TABLE submissions (LIKE plain INCLUDING ALL) PARTITION BY HASH (submission_id);
      CREATE TABLE submissions_0 PARTITION OF submissions FOR VALUES WITH (MODULUS 2, REMAINDER 0);
      CREATE TABLE submissions_1 PARTITION OF submissions FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    `);
  });
  afterAll(() => app.close());
  beforeEach(() => app.rows('TRUNCATE measurements'));

  const load = (records: readonly object[], options?: LoadOptions) => app.loader.load(Measurement, records, options);
  const partitions = () =>
    app.rows(
      'SELECT tableoid::regclass::text AS name, count(*)::integer AS rows FROM measurements GROUP BY 1 ORDER BY 1',
    );

  /** The small writer, and COPY. */
  describe.each(sized([400], [8, 400]))('in a load of %i', (count) => {
    it('takes a merge, an append and a replace, with exact counts', async () => {
      expect(await load(rowsOf(count))).toMatchObject({ inserted: count, ok: true });
      expect(await load(rowsOf(count))).toMatchObject({ unchanged: count, updated: 0, inserted: 0 });
      const some = [...rowsOf(count / 2, 1), ...rowsOf(count + 2).slice(count / 2)];
      expect(await load(some)).toMatchObject({ updated: count / 2, unchanged: count / 2, inserted: 2 });
      expect((await partitions()).map(({ name }) => name)).toEqual(['m2024', 'm2025', 'm2026a', 'm2026b']);

      const more = rowsOf(count + 2 + count).slice(count + 2);
      expect(await load(more, { disposition: 'append' })).toMatchObject({ inserted: count });
      expect(await load(rowsOf(count, 2), { disposition: 'append' })).toMatchObject({ rejected: count, inserted: 0 });

      const kept = [...rowsOf(count / 2, 1), ...rowsOf(count, 3).slice(count / 2), ...rowsOf(1, 1)];
      expect(await load(kept, { disposition: 'replace' })).toMatchObject({
        unchanged: count / 2,
        updated: count / 2,
        inserted: 0,
        duplicates: 1,
        removed: count + 2,
      });
      expect(await app.count('measurements')).toBe(count);
    });

    it.each(['merge', 'append', 'replace'] as const)(
      'rejects in a %s a row without a partition, and one of a check',
      async (disposition) => {
        const records = [...rowsOf(count), { id: 1, day: '2027-01-01' }, { id: -1, day: DAYS[0], value: 100 }];
        expect(await load(records, { disposition, maxRejects: 5 })).toMatchObject({
          inserted: count,
          rejected: 2,
          rejects: [
            {
              position: count,
              message: expect.stringMatching(/no partition takes the row \(table measurements\) \[23514\]$/),
            },
            { position: count + 1, message: expect.stringMatching(/^check violation .*constraint .* \[23514\]$/) },
          ],
        });
      },
    );

    it('is one half of a hybrid load', async () => {
      const records = Array.from({ length: count }, (_, n) => ({
        submission_id: `s${count}-${n}`,
        problem_description: 'p',
        title: 't',
      }));
      const inserted = { received: count, stored: count, submissions: { inserted: count } };
      expect(await app.hybrid.store(records)).toMatchObject(inserted);
      const changed = [{ ...records[0], title: 'u' }, ...records.slice(1)];
      expect(await app.hybrid.store(changed)).toMatchObject({ submissions: { updated: 1, unchanged: count - 1 } });
    });
  });

  describe('copies new rows straight into it', () => {
    const records = rowsOf(400);
    let direct: { count: number };
    let staging: { count: number };
    beforeAll(() => {
      direct = traceStatements(app, /^COPY "public"\."measurements"/);
      staging = traceStatements(app, /CREATE TEMPORARY TABLE IF NOT EXISTS harbor_staging_/);
    });
    beforeEach(() => {
      [direct.count, staging.count] = [0, 0];
    });
    const ways = () => ({ direct: direct.count, staging: staging.count });
    /** Without a default for single rows, which COPY knows only from Postgres 16 on. */
    const alike = records.map((record) => ({ ...record, note: 'n' }));

    it('in the order of their keys, so that overlapping loads do not deadlock', async () => {
      const other = app.dataSource.createQueryRunner();
      try {
        await other.startTransaction();
        await other.query(`SET LOCAL lock_timeout = '1s'; INSERT INTO measurements VALUES (1, '${DAYS[1]}')`);
        const loading = load(alike);
        loading.catch(() => {});
        await untilLockIsAwaited(app.rows);
        // In the same partition as 0, which comes before 1, but after 1 in the order of keys.
        await other.query(`INSERT INTO measurements VALUES (100, '${DAYS[0]}')`);
        await other.commitTransaction();
        expect(await loading).toMatchObject({ inserted: 398, updated: 2, retries: 0, ok: true });
      } finally {
        await other.release();
      }
      expect(ways()).toEqual({ direct: 1, staging: 1 });
    });

    it('unless a trigger of a partition suppresses a row, or may change stored ones', async () => {
      await app.rows(`
        CREATE FUNCTION skip_5() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN CASE WHEN NEW.id <> 5 THEN NEW END; END';
        CREATE TRIGGER t BEFORE INSERT ON m2025 FOR EACH ROW EXECUTE FUNCTION skip_5()`);
      try {
        await expect(load(alike)).rejects.toMatchObject({ cause: { code: 'ROWS_SUPPRESSED' } });
        expect(ways()).toMatchObject({ direct: 1 });
        expect(await app.count('measurements')).toBe(0);
        expect(await load(alike.slice(200).filter(({ id }) => id % 4 !== 1))).toMatchObject({ inserted: 150 });
        [direct.count, staging.count] = [0, 0];
        expect(await load(alike.filter(({ id }) => id !== 5))).toMatchObject({ inserted: 249, unchanged: 150 });
        expect(ways()).toEqual({ direct: 0, staging: 1 });
      } finally {
        await app.rows('DROP FUNCTION skip_5 CASCADE');
      }
    });
  });

  it('looks rows up in their own partition only', async () => {
    const records = (count: number, value: number) =>
      Array.from({ length: count }, (_, id) => ({ id, day: '2024-05-05', value }));
    // What the connection has not reported yet, so also of what it did before.
    const scans = async (manager: EntityManager) => {
      const [{ scans: counted }] = await manager.query<[{ scans: Record<string, number> }]>(`
        SELECT json_object_agg(relname, seq_scan + idx_scan ORDER BY relname) AS scans FROM pg_stat_xact_user_tables
        WHERE relname IN ('m2024', 'm2025', 'm2026a', 'm2026b')`);
      return counted;
    };
    await app.dataSource.transaction(async (manager) => {
      const before = await scans(manager);
      const loader = app.loader.for(Measurement).withManager(manager);
      // New rows by COPY, then stored ones from a staging table and from arrays, the same and changed, and updates only.
      expect(await loader.load(records(400, 0))).toMatchObject({ inserted: 400 });
      expect(await loader.load(records(400, 0))).toMatchObject({ unchanged: 400 });
      expect(await loader.load(records(400, 1))).toMatchObject({ updated: 400 });
      expect(await loader.load(records(20, 2))).toMatchObject({ updated: 20 });
      expect(await loader.load(records(400, 3), { disposition: 'update' })).toMatchObject({ updated: 400 });
      const after = await scans(manager);
      expect(Object.keys(after).filter((name) => after[name] !== before[name])).toEqual(['m2024']);
    });
  });

  it('needs a key that contains the partition key', async () => {
    const load1 = load(rowsOf(1), { primaryKey: ['id'] });
    await expect(load1).rejects.toThrow(InvalidLoadError);
    await expect(load1).rejects.toThrow(/partitioned by RANGE \(day\), so each of its unique keys contains/);
  });
});

describe('a table that its rows are not all in', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Base, Ruled]);
    await app.loader.load(Base, [{ id: 1 }]);
    await app.loader.load(Ruled, [{ id: 1 }]);
    await app.rows(`
      CREATE TABLE derived (more text) INHERITS (base);
      CREATE RULE reroute AS ON INSERT TO ruled DO INSTEAD NOTHING;
    `);
  });
  afterAll(() => app.close());

  it.each(['merge', 'append', 'replace'] as const)('is rejected by name in a %s', async (disposition) => {
    const inherited = app.loader.load(Base, [{ id: 2 }], { disposition });
    await expect(inherited).rejects.toThrow(InvalidLoadError);
    await expect(inherited).rejects.toThrow(/other tables \(derived\) inherit from base/);
    const ruled = app.loader.load(Ruled, [{ id: 2 }], { disposition });
    await expect(ruled).rejects.toThrow(InvalidLoadError);
    await expect(ruled).rejects.toThrow(/ruled has rules on INSERT or UPDATE \(reroute\)/);
  });
});
