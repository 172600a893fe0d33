import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { LoadFailedError, LoadInterruptedError, QuarantineService } from '../../../src/index.js';
import { emptyTables } from '../../support/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/storage-app.js';

const RECORDS = Array.from({ length: 300 }, (_, index) => ({ submission_id: `s${index}`, num_comments: -1 }));

describe('a replay that does not go smoothly', () => {
  let app: StorageApp;
  let quarantine: QuarantineService;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { batchSize: 50 } });
    quarantine = app.module.get(QuarantineService);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows(`
      DROP FUNCTION IF EXISTS trip CASCADE;
      ALTER TABLE submissions ADD CONSTRAINT counted CHECK (num_comments >= 0)`);
    expect(await app.profiles.store(RECORDS)).toMatchObject({ rejected: RECORDS.length });
    await app.rows('ALTER TABLE submissions DROP CONSTRAINT counted');
  });

  /** Lets a trigger do something when the row of the last record is written. */
  const atLastRecord = (what: string) =>
    app.rows(`
      CREATE FUNCTION trip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${what}; RETURN NEW; END $$;
      CREATE TRIGGER trip BEFORE INSERT ON submissions FOR EACH ROW
        WHEN (NEW.submission_id = 's299') EXECUTE FUNCTION trip()`);
  const expectUntouched = async (): Promise<void> => {
    expect(await quarantine.count()).toBe(RECORDS.length);
    expect(await app.count('submissions')).toBe(0);
    expect(await app.rows(`SELECT 1 FROM storage_loads WHERE source = 'rejects replay'`)).toEqual([]);
    expect(app.stats.forTable('submissions').inserted).toBe(counted);
  };
  let counted = 0;
  beforeEach(() => {
    counted = app.stats.forTable('submissions').inserted;
  });

  it('loads each record once, however many replays run at the same time', async () => {
    const results = await Promise.all(Array.from({ length: 4 }, () => quarantine.replay()));
    expect(results.map(({ received }) => received).sort()).toEqual([0, 0, 0, RECORDS.length]);
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(await app.count('submissions')).toBe(RECORDS.length);
    expect(await quarantine.count()).toBe(0);
    expect(await app.rows(`SELECT received FROM storage_loads WHERE source = 'rejects replay'`)).toEqual([
      { received: String(RECORDS.length) },
    ]);
  });

  it('waits for another one that holds a record, and takes what that one has not taken after all', async () => {
    const other = new Client({ connectionString: (app.dataSource.options as { url: string }).url });
    await other.connect();
    try {
      await other.query('BEGIN');
      await other.query('UPDATE storage_rejected_records SET replayed_at = now() WHERE position < 100');
      const replay = quarantine.replay();
      for (;;) {
        const waiting = await app.rows(`SELECT 1 FROM pg_stat_activity WHERE wait_event = 'transactionid'
                                          AND datname = current_database()`);
        if (waiting.length > 0) break;
        await delay(10);
      }
      await other.query('UPDATE storage_rejected_records SET replayed_at = NULL WHERE position < 50');
      await other.query('COMMIT');
      expect(await replay).toMatchObject({ received: RECORDS.length - 50, loaded: RECORDS.length - 50 });
    } finally {
      await other.end();
    }
  });

  it('leaves nothing behind when it is interrupted half-way', async () => {
    const controller = new AbortController();
    const error: unknown = await quarantine
      .replay({}, { signal: controller.signal, onProgress: ({ batches }) => batches === 3 && controller.abort() })
      .catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(LoadInterruptedError);
    expect(error).toMatchObject({
      message: expect.stringContaining('every record is still open'),
      result: { received: 300, failed: 300, loaded: 0, loads: [] },
    });
    await expectUntouched();
    expect(await quarantine.replay()).toMatchObject({ loaded: RECORDS.length });
  });

  it('leaves nothing behind when the database would not take it', async () => {
    await atLastRecord(`RAISE EXCEPTION 'secret' USING ERRCODE = 'insufficient_privilege'`);
    const error: unknown = await quarantine.replay().catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(LoadFailedError);
    expect(error).toMatchObject({ cause: { code: '42501' }, result: { received: 300, failed: 300, loaded: 0 } });
    expect((error as Error).message).not.toContain('secret');
    await expectUntouched();
  });

  it('is done again as a whole when its connection is lost on the way', async () => {
    await app.rows('CREATE SEQUENCE IF NOT EXISTS tries');
    await app.rows(`SELECT setval('tries', 1)`);
    // The third try goes through: sequences do not roll back.
    await atLastRecord(`IF nextval('tries') < 4 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF`);
    expect(await quarantine.replay()).toMatchObject({ ok: true, received: 300, loaded: 300 });
    expect(await app.count('submissions')).toBe(RECORDS.length);
    expect(await quarantine.count()).toBe(0);
    expect(await app.rows(`SELECT received FROM storage_loads WHERE source = 'rejects replay'`)).toEqual([
      { received: '300' },
    ]);
    expect(app.stats.forTable('submissions').inserted).toBe(counted + 300);
  });

  it('finds that it is in when only the reply to its COMMIT was lost', async () => {
    const query = Client.prototype.query;
    let cuts = 0;
    Client.prototype.query = async function cut(this: Client, ...args: unknown[]): Promise<unknown> {
      const result: unknown = await Reflect.apply(query, this, args);
      if (args[0] === 'COMMIT' && cuts === 0) {
        const { rows } = (await Reflect.apply(query, this, ['SELECT to_regclass($1) AS gone', ['x']])) as {
          rows: unknown[];
        };
        expect(rows).toEqual([{ gone: null }]);
        cuts += 1;
        throw Object.assign(new Error('cut'), { code: 'ECONNRESET' });
      }
      return result;
    } as typeof query;
    try {
      expect(await quarantine.replay()).toMatchObject({
        ok: true,
        received: 300,
        loaded: 300,
        loads: [{ inserted: 300 }],
      });
    } finally {
      Client.prototype.query = query;
    }
    expect(cuts).toBe(1);
    expect(app.stats.forTable('submissions').inserted).toBe(counted + 300);
    expect(await app.rows(`SELECT received FROM storage_loads WHERE source = 'rejects replay'`)).toHaveLength(1);
  });

  it('needs no second connection: in a pool of one, on tables nothing was loaded into yet', async () => {
    const records = await app.rows('SELECT * FROM storage_rejected_records');
    const small = await startStorageApp({ poolSize: 1, connectTimeoutMs: 2000 });
    try {
      expect(records).toHaveLength(300);
      await small.rows('ALTER TABLE submissions ADD CONSTRAINT counted CHECK (num_comments >= 0)');
      await small.profiles.store(RECORDS);
      await small.rows('ALTER TABLE submissions DROP CONSTRAINT counted');
      small.loader.clearPlans();
      expect(await small.module.get(QuarantineService).replay()).toMatchObject({ loaded: 300 });
    } finally {
      await small.close();
    }
  });
});
