import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { LoadFailedError, type LoadOptions, QuarantineService } from '../../../../src/index.js';
import { emptyTables, quarantined } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { traceStatements } from '../../../support/app/writer-trace.js';
import { countStatements, type SentStatements } from '../../../support/database/statements.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { errorOf } from '../../../support/parity/faults.js';
import { sized } from '../../../support/sizes/sizes.js';

@Entity('events')
class Event {
  @PrimaryColumn('integer')
  id: number;

  @Column('text', { nullable: true })
  v: string | null;
}

type Load = (app: StorageApp, records: object[], options?: LoadOptions) => Promise<{ readonly loadId: string }>;

const load: Load = (app, records, options = {}) => app.loader.load(Event, records, options);
const WAYS: readonly (readonly [way: string, load: Load])[] = [
  ['load', load],
  ['load of few', (app, records) => load(app, records.slice(500, 560))],
  ['append', (app, records) => load(app, records, { disposition: 'append' })],
  ['replace', (app, records) => load(app, records, { disposition: 'replace', maxRejects: 5 })],
  ['loadBatch', (app, records) => app.loader.loadBatch(Event, records, { batchSize: 100, loadKey: 'k' })],
  [
    'a load in the transaction of its caller',
    (app, records) => app.dataSource.transaction((manager) => app.loader.for(Event).withManager(manager).load(records)),
  ],
];

describe('an error that may be of one row or of every row', () => {
  let app: StorageApp;
  let sent: SentStatements;
  beforeAll(async () => {
    app = await startAppWith([Event], { loader: { maxAttempts: 1 } });
    sent = countStatements(app.dataSource);
    await app.rows(`
      CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_ARGV[0] = 'all' OR NEW.v = 'bad' THEN
          RAISE EXCEPTION 'no % %', NEW.v, NEW.id USING ERRCODE = TG_ARGV[1], TABLE = NEW.v, COLUMN = NEW.v;
        END IF;
        RETURN NEW;
      END $$`);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('TRUNCATE events; DROP TRIGGER IF EXISTS no ON events');
  });

  const raise = (whom: 'one' | 'all', code = 'P0001') =>
    app.rows(
      `CREATE TRIGGER no BEFORE INSERT OR UPDATE ON events FOR EACH ROW EXECUTE FUNCTION no('${whom}', '${code}')`,
    );
  const some = (count: number, isBad: (n: number) => boolean = () => false) =>
    Array.from({ length: count }, (_, id) => ({ id, v: isBad(id) ? 'bad' : 'good' }));
  const one = (n: number): boolean => n === 549;

  it.each(WAYS)('costs the one record it follows, by %s', async (way, loaded) => {
    await raise('one');
    sent.statements = 0;
    const result = await loaded(app, some(1000, one));

    expect(result).toMatchObject({ rejected: 1, failed: 0 });
    expect(await app.rows(`SELECT * FROM events WHERE v = 'bad'`)).toEqual([]);
    expect(
      (await quarantined(app, result.loadId)).map((row) => [JSON.parse(String(row.raw)), row.reason, row.column]),
    ).toEqual([[{ id: 549, v: 'bad' }, 'P0001', null]]);
    // A replace halves from the client, and ten batches are ten transactions.
    expect(sent.statements).toBeLessThanOrEqual(way === 'loadBatch' || way === 'replace' ? 150 : 40);
  });

  it.each(sized(WAYS.slice(3), WAYS))(
    'stops the load when every record meets it, and rejects none, by %s',
    async (_, way) => {
      await raise('all');
      const error = await errorOf(way(app, some(1000)));

      expect(error).toBeInstanceOf(LoadFailedError);
      expect(error).toMatchObject({ cause: { code: 'P0001' }, result: { rejected: 0 } });
      expect((error as Error).message).toContain('No record was rejected: none passed that was tried alone');
      expect((error as Error).message).not.toContain('good');
      expect(await app.count('events')).toBe(0);
      expect(await app.count('storage_rejected_records')).toBe(0);
    },
  );

  it.each(sized(['42703', 'APP01'], ['42601', '42703', '42501', '21000', '0A000', 'XX000', '38000', 'APP01']))(
    'is told by trying, whatever its code: %s',
    async (code) => {
      await raise('one', code);
      expect(
        await load(
          app,
          some(30, (n) => n === 7),
        ),
      ).toMatchObject({ inserted: 29, rejected: 1 });
      await app.rows('TRUNCATE events; DROP TRIGGER no ON events');
      await raise('all', code);
      expect(await errorOf(load(app, some(30)))).toMatchObject({ cause: { code }, result: { failed: 30 } });
    },
  );

  it('does not stop the load when the first records of a batch meet it', async () => {
    await raise('one');
    expect(
      await load(
        app,
        some(1000, (n) => n < 300),
      ),
    ).toMatchObject({ inserted: 700, rejected: 300 });
  });

  it.each(['merge', 'replace'] as const)(
    'does not stop a %s in which only every fifth record is good',
    async (disposition) => {
      await raise('one');
      const records = some(100, (n) => n % 5 !== 1);
      const result = await load(app, records, { disposition, maxRejects: 80 });
      expect(result).toMatchObject({ inserted: 20, rejected: 80 });
    },
  );

  it('costs every record of a batch when earlier batches have passed, however the batches overlap', async () => {
    await raise('one');
    const records = some(350, (n) => n >= 200);
    for (const parallelism of [1, 2]) {
      await app.rows('TRUNCATE events');
      const result = await app.loader.loadBatch(Event, records, { batchSize: 50, loadKey: `${parallelism}` });
      expect(result).toMatchObject({ inserted: 200, rejected: 150, failedBatches: 0 });
    }
  });

  it('does not keep a load key open: a later call finds the load completed', async () => {
    await raise('one');
    const call = () => app.loader.loadBatch(Event, some(1000, one), { batchSize: 100, loadKey: 'k' });
    const outcome = { received: 1000, inserted: 999, rejected: 1, failed: 0 };
    expect(await call()).toMatchObject({ ...outcome, alreadyCompleted: false });
    expect(await call()).toMatchObject({ ...outcome, alreadyCompleted: true });
  });

  it('ends the load when a trigger raises the code that tells of suppressed rows', async () => {
    await raise('one', 'HSROW');
    expect(
      await errorOf(
        load(
          app,
          some(3, (n) => n === 1),
        ),
      ),
    ).toMatchObject({ name: 'LoadFailedError' });
  });

  it('costs a lone record only when earlier ones have passed', async () => {
    await raise('one');
    // Statements are shown in pg_stat_activity and in the server's log.
    const withValue = traceStatements(app, /'bad'/);
    const bad = { id: 1, v: 'bad' };
    expect(await errorOf(load(app, [bad]))).toMatchObject({ cause: { code: 'P0001' }, result: { failed: 1 } });
    const records = [{ id: 2, v: 'good' }, bad];
    expect(await app.loader.loadBatch(Event, records, { batchSize: 1 })).toMatchObject({ inserted: 1, rejected: 1 });
    // The stored record is found unchanged, and passes.
    expect(await app.loader.loadBatch(Event, records, { batchSize: 1 })).toMatchObject({ unchanged: 1, rejected: 1 });
    expect(withValue.count).toBe(0);
  });

  it('costs one of the records folded into one row', async () => {
    await raise('one');
    const records = [
      { id: 1, v: 'good' },
      { id: 1, v: 'bad' },
    ];
    expect(await load(app, records)).toMatchObject({ inserted: 1, duplicates: 0, rejects: [{ position: 1 }] });
    expect(await app.rows('SELECT v FROM events')).toEqual([{ v: 'good' }]);
  });

  it('leaves a record in quarantine that is replayed alone and meets it again', async () => {
    await raise('one');
    await load(
      app,
      some(20, (n) => n < 2),
    );
    const quarantine = app.module.get(QuarantineService);
    const error = await errorOf(quarantine.replay());
    expect(error).toMatchObject({ name: 'LoadFailedError', cause: { code: 'P0001' } });
    expect((error as Error).message).toContain('all stay open');
    expect(await quarantine.count()).toBe(2);
    await app.rows('DROP TRIGGER no ON events');
    expect(await quarantine.replay()).toMatchObject({ loaded: 2 });
  });

  it('stops a replace when the table rejects every row that the staging table took', async () => {
    await app.rows(`INSERT INTO events SELECT n, 'old' FROM generate_series(0, 99) AS n`);
    await raise('all');
    const error = await errorOf(load(app, some(1000), { disposition: 'replace' }));
    expect(error).toMatchObject({ name: 'LoadFailedError', cause: { code: 'P0001' } });
    expect(await app.rows('SELECT DISTINCT v FROM events')).toEqual([{ v: 'old' }]);
  });
});

describe('an error that follows one half of a hybrid record', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([]);
    await app.rows(`
      CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
      CREATE TRIGGER no BEFORE INSERT ON submissions FOR EACH ROW WHEN (NEW.title = 'bad') EXECUTE FUNCTION no();
      CREATE TRIGGER no BEFORE INSERT ON app_opportunities FOR EACH ROW WHEN (NEW.status = 'bad') EXECUTE FUNCTION no()`);
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const records = (fields: (n: number) => object) =>
    Array.from({ length: 60 }, (_, n) => ({
      submission_id: `s${n}`,
      problem_description: 'p',
      title: 't',
      ...fields(n),
    }));

  it.each(['title', 'status'])('costs the whole record: by %s', async (field) => {
    const result = await app.hybrid.store(records((n) => (n === 31 ? { [field]: 'bad' } : {})));
    expect(result).toMatchObject({ stored: 59, rejected: 1, rejects: [{ position: 31, reason: 'P0001' }] });
  });

  it('stops the load when every opportunity meets it, though profiles alone pass', async () => {
    const half = records((n) => (n % 2 === 0 ? { problem_description: undefined } : { status: 'bad' }));
    expect(await errorOf(app.hybrid.storeBatch(half))).toMatchObject({
      cause: { code: 'P0001' },
      result: { rejected: 0 },
    });
    expect(await app.count('submissions')).toBe(0);
  });
});
