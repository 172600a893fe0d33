import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { QuarantineService, SchemaService, StorageModule } from '../../../src/index.js';
import { createTestDatabase, type TestDatabase } from '../../../src/testing/index.js';
import { startStorageAppAt, type StorageApp } from '../../support/app/storage-app.js';
import { queryValue } from '../../support/processes/embedded-processes.js';

/** A column of each type whose text depends on a setting. */
@Entity('readings')
class Reading {
  @PrimaryColumn('timestamptz')
  moment: Date | string;

  @Column('date', { nullable: true, default: '2024-03-01' })
  day: string | null;

  @Column('timestamp', { nullable: true })
  local: string | null;

  @Column('interval', { nullable: true })
  wait: string | null;

  @Column('bytea', { nullable: true })
  bytes: Buffer | null;

  @Column('double precision', { nullable: true })
  exact: number | null;

  @Column('real', { array: true, nullable: true })
  floats: number[] | null;

  @Column('text', { nullable: true })
  words: string | null;

  @Column('jsonb', { nullable: true })
  json: object | null;

  @Column('point', { nullable: true })
  place: string | null;
}

const SETTINGS = {
  datestyle: 'SQL, DMY',
  intervalstyle: 'sql_standard',
  timezone: 'Asia/Kolkata',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  standard_conforming_strings: 'off',
  backslash_quote: 'off',
  default_transaction_isolation: 'serializable',
  xmloption: 'document',
  array_nulls: 'off',
  quote_all_identifiers: 'on',
};

/** Of text, independent of every setting. */
const STORED = `SELECT extract(epoch FROM moment)::text AS moment, day - date '2000-01-01' AS day,
  extract(epoch FROM local)::text AS local, extract(month FROM wait)::text AS months, extract(day FROM wait)::text AS days,
  extract(hour FROM wait)::text AS hours, encode(bytes, 'hex') AS bytes, encode(float8send(exact), 'hex') AS exact,
  encode(array_send(floats), 'hex') AS floats, words, json::text AS json FROM readings ORDER BY 1`;

const records = Array.from({ length: 210 }, (_, index) => ({
  moment: new Date(Date.UTC(2024, 1, 1, 0, index, 0, 7)).toISOString(),
  day: '2024-02-03',
  local: '2024-02-03 04:05:06.123456',
  wait: '-1 mons +2 days 03:00:00',
  bytes: Buffer.from([0, 92, 255, index]),
  exact: 0.1 + 0.2,
  floats: [index + 0.1, 1e-7],
  words: index % 3 === 1 ? null : String.raw`it's \N \. \\ "x"`,
  json: { text: String.raw`\u0041 'x'`, number: 0.1 },
}));

describe('settings of the database', () => {
  const opened: { app: StorageApp; database: TestDatabase }[] = [];
  const open = async (settings: Readonly<Record<string, string>>): Promise<StorageApp> => {
    const database = await createTestDatabase();
    const name = new URL(database.url).pathname.slice(1);
    for (const [setting, value] of Object.entries(settings)) {
      await queryValue(
        database.url,
        `ALTER DATABASE "${name}" SET ${setting} = ${value.includes(',') ? value : `'${value}'`}`,
      );
    }
    const app = await startStorageAppAt(database.url, {}, [StorageModule.forFeature([Reading])]);
    opened.push({ app, database });
    await app.dataSource.synchronize();
    return app;
  };

  let plain: StorageApp;
  let other: StorageApp;
  beforeAll(async () => {
    [plain, other] = [await open({}), await open(SETTINGS)];
  });
  afterAll(async () => {
    for (const { app, database } of opened) {
      await app.close();
      await database.drop();
    }
  });
  const both = <T>(work: (app: StorageApp) => Promise<T>): Promise<[T, T]> => Promise.all([work(plain), work(other)]);

  it('do not change what is stored, nor what counts as unchanged', async () => {
    for (const count of [3, records.length]) {
      const [ofPlain, ofOther] = await both(async (app) => {
        const loader = app.loader.for(Reading);
        await app.rows('TRUNCATE readings');
        const first = await loader.load(records.slice(0, count) as never);
        const again = await loader.load(records.slice(0, count) as never);
        const changed = await loader.load(
          records.slice(0, count).map((record) => ({ ...record, floats: [1.0000001] })) as never,
        );
        const replaced = await loader.load(records.slice(0, count) as never, { disposition: 'replace' });
        const bad = await loader.load([{ ...records[0], day: '30/02/2024' }, { moment: '01/02/2024' }] as never);
        const counts = [first, again, changed, replaced, bad].map(({ inserted, updated, unchanged, rejected }) => ({
          inserted,
          updated,
          unchanged,
          rejected,
        }));
        return { counts, rejects: bad.rejects, stored: await app.rows(STORED) };
      });
      expect(ofOther).toEqual(ofPlain);
      expect(ofOther.counts).toMatchObject([
        { inserted: count },
        { unchanged: count },
        { updated: count },
        { updated: count },
        { rejected: 2 },
      ]);
    }
  });

  it('do not change what a load in the transaction of a caller stores, and stay as they were for the caller', async () => {
    const [ofPlain, ofOther] = await both(async (app) => {
      await app.rows('TRUNCATE readings');
      const own = "SELECT current_setting('extra_float_digits') AS digits, current_setting('array_nulls') AS nulls";
      const moment = '2024-01-01T00:00:00Z';
      const load = (words: string | null, place: string) =>
        app.dataSource.transaction(async (manager) => {
          const before: unknown = await manager.query(own);
          const single = [{ moment, words, place }] as never;
          const { inserted, updated } = await app.loader.for(Reading).withManager(manager).load(single);
          expect(await manager.query(own)).toEqual(before);
          return { inserted, updated };
        });
      const [near, far] = ['(0.1,0.3)', '(0.1,0.30000000000000004)'];
      const counts = [await load('x', near), await load(null, near), await load(null, far)];
      return { counts, stored: await app.rows('SELECT words IS NULL AS absent, place[1] = 0.3 AS old FROM readings') };
    });
    expect(ofOther).toEqual(ofPlain);
    expect(ofOther).toEqual({
      counts: [
        { inserted: 1, updated: 0 },
        { inserted: 0, updated: 1 },
        { inserted: 0, updated: 1 },
      ],
      stored: [{ absent: true, old: false }],
    });
  });

  it('do not change what history, quarantine and schema check tell', async () => {
    const [ofPlain, ofOther] = await both(async (app) => {
      const result = await app.loader.for(Reading).load([{ moment: 'now' }] as never);
      const [entry] = await app.stats.history({ limit: 1 });
      const [rejected] = await app.module.get(QuarantineService).list({ loadId: result.loadId });
      const times = [entry?.startedAt, entry?.finishedAt, rejected?.createdAt].map(
        (time) => Date.now() - Number(time) < 60_000,
      );
      const report = await app.module.get(SchemaService).check(Reading);
      const widening = await app.module.get(SchemaService).proposeWidening(Reading);
      return { times, report, counts: entry?.rejected, columns: widening.columns.map(({ column }) => column) };
    });
    expect(ofOther).toEqual(ofPlain);
    expect(ofOther).toMatchObject({ times: [true, true, true], report: { ok: true }, counts: 1 });
  });
});
