import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { LoadFailedError, LoadInterruptedError, QuarantineService } from '../../../src/index.js';
import { errorOf, withLocks } from '../../support/parity/faults.js';
import { type FaultApp, startFaultApp } from '../../support/app/fault-app.js';
import { aboutTheFirst } from '../../support/database/interceptions.js';
import { untilLockIsAwaited } from '../../support/database/lock-waits.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';

const RECORDS = Array.from({ length: 300 }, (_, index) => ({ submission_id: `s${index}`, num_comments: -1 }));

describe('a replay with faults', () => {
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
    await app.profiles.store(RECORDS);
    await app.rows('ALTER TABLE submissions DROP CONSTRAINT counted');
  });

  /** Lets a trigger act when the row of the last record is written. */
  const atLastRecord = (what: string) =>
    app.rows(`
      CREATE FUNCTION trip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${what}; RETURN NEW; END $$;
      CREATE TRIGGER trip BEFORE INSERT ON submissions FOR EACH ROW
        WHEN (NEW.submission_id = 's299') EXECUTE FUNCTION trip()`);
  const expectUntouched = async (status: string): Promise<void> => {
    expect(await quarantine.count()).toBe(RECORDS.length);
    expect(await app.count('submissions')).toBe(0);
    const [load] = await app.stats.history({ limit: 1 });
    expect(load).toMatchObject({ source: 'rejects replay', table: 'submissions', status, received: 300, failed: 300 });
    expect(load).toMatchObject({ inserted: 0, rejected: 0, error: { code: expect.any(String) } });
    expect(load?.error?.message).not.toContain('secret');
    expect(app.stats.forTable('submissions')).toMatchObject({ inserted: counted, failed: failed + 300 });
  };
  let counted = 0;
  let failed = 0;
  beforeEach(() => {
    ({ inserted: counted, failed } = app.stats.forTable('submissions'));
  });

  it('loads each record once when many replays run at the same time', async () => {
    const results = await Promise.all(Array.from({ length: 4 }, () => quarantine.replay()));
    expect(results.map(({ received }) => received).sort()).toEqual([0, 0, 0, RECORDS.length]);
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(await app.count('submissions')).toBe(RECORDS.length);
    expect(await quarantine.count()).toBe(0);
    expect(await app.rows(`SELECT received FROM storage_loads WHERE source = 'rejects replay'`)).toEqual([
      { received: String(RECORDS.length) },
    ]);
  });

  it('waits for another replay that holds a record, and loads it if that one rolls back', async () => {
    const held = 'UPDATE storage_rejected_records SET replayed_at = now() WHERE position < 100';
    const replay = await withLocks(app, held, async (release) => {
      const replaying = quarantine.replay();
      await untilLockIsAwaited(app.rows);
      await release();
      return replaying;
    });
    expect(replay).toMatchObject({ received: RECORDS.length, loaded: RECORDS.length });
  });

  it('leaves nothing behind when it is interrupted half-way', async () => {
    const controller = new AbortController();
    const onProgress = ({ batches }: { readonly batches: number }) => batches === 3 && controller.abort();
    const error = await errorOf(quarantine.replay({}, { signal: controller.signal, onProgress }));
    expect(error).toBeInstanceOf(LoadInterruptedError);
    expect(error).toMatchObject({
      message: expect.stringContaining('The replay was rolled back: no record was loaded, all stay open'),
      result: { received: 300, failed: 300, loaded: 0, loads: [] },
    });
    await expectUntouched('interrupted');
    expect(await quarantine.replay()).toMatchObject({ loaded: RECORDS.length });
  });

  it('leaves nothing behind when the database rejects it', async () => {
    await atLastRecord(`RAISE EXCEPTION 'secret' USING ERRCODE = 'disk_full'`);
    const error = await errorOf(quarantine.replay());
    expect(error).toBeInstanceOf(LoadFailedError);
    expect(error).toMatchObject({ cause: { code: '53100' }, result: { received: 300, failed: 300, loaded: 0 } });
    expect((error as Error).message).not.toContain('secret');
    await expectUntouched('failed');
  });

  it('is retried as a whole when its connection is lost', async () => {
    await app.rows('CREATE SEQUENCE IF NOT EXISTS tries');
    await app.rows(`SELECT setval('tries', 1)`);
    // The third attempt succeeds: sequences do not roll back.
    await atLastRecord(`IF nextval('tries') < 4 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF`);
    expect(await quarantine.replay()).toMatchObject({ ok: true, received: 300, loaded: 300 });
    expect(await app.count('submissions')).toBe(RECORDS.length);
    expect(await quarantine.count()).toBe(0);
    expect(await app.rows(`SELECT received FROM storage_loads WHERE source = 'rejects replay'`)).toEqual([
      { received: '300' },
    ]);
    expect(app.stats.forTable('submissions').inserted).toBe(counted + 300);
  });

  it('finds that it was committed when only the reply to its COMMIT was lost', async () => {
    const { prototype } = pg.Client as unknown as { prototype: { query(...parameters: unknown[]): unknown } };
    const { query } = prototype;
    let cuts = 0;
    prototype.query = function (this: pg.Client, ...parameters: unknown[]) {
      const reply = query.apply(this, parameters);
      if (parameters[0] !== 'COMMIT' || cuts > 0 || !(reply instanceof Promise)) return reply;
      cuts += 1;
      return reply.then(() => {
        throw new Error('Connection terminated unexpectedly');
      });
    };
    try {
      const result = { ok: true, received: 300, loaded: 300, loads: [{ inserted: 300 }] };
      expect(await quarantine.replay()).toMatchObject(result);
    } finally {
      prototype.query = query;
    }
    expect(cuts).toBe(1);
    expect(app.stats.forTable('submissions').inserted).toBe(counted + 300);
    expect(await app.rows(`SELECT received FROM storage_loads WHERE source = 'rejects replay'`)).toHaveLength(1);
  });

  it('needs no second connection: in a pool of one, on tables that were never loaded', async () => {
    const small = await startStorageApp({ poolSize: 1, connectTimeoutMs: 2000 });
    try {
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

describe('a replay without a reply to COMMIT, from a database that stays down', () => {
  let fault: FaultApp;
  let quarantine: QuarantineService;
  beforeAll(async () => {
    fault = await startFaultApp({ loader: { maxAttempts: 1 } });
    quarantine = fault.app.module.get(QuarantineService);
  });
  afterAll(() => fault.close());
  beforeEach(async () => {
    await fault.proxy.restore();
    await emptyTables(fault.app);
    await fault.rows('ALTER TABLE submissions ADD CONSTRAINT counted CHECK (num_comments >= 0)');
    await fault.app.profiles.store(RECORDS);
    await fault.rows('ALTER TABLE submissions DROP CONSTRAINT counted');
  });

  const OPEN = 'SELECT count(*)::integer FROM storage_rejected_records WHERE replayed_at IS NULL';
  const replayCutOff = async (last: 'cut' | 'cut the reply'): Promise<unknown> => {
    let isAway = false;
    const commit = aboutTheFirst({ pattern: /^COMMIT/, after: /SET replayed_at/ }, () => {
      isAway = true;
      return last;
    });
    fault.proxy.onConnection(() => (isAway ? 'cut' : 'pass'));
    fault.proxy.intercept((statement) => (isAway ? 'cut' : commit(statement)));
    const error = await errorOf(quarantine.replay());
    await fault.proxy.restore();
    return error;
  };

  it.each([
    ['took place', 'cut the reply', 0],
    ['did not', 'cut', RECORDS.length],
  ] as const)(
    'reports that its commit outcome is unknown, and can be replayed safely: it %s',
    async (_, last, open) => {
      const error = await replayCutOff(last);
      expect(error).toBeInstanceOf(LoadFailedError);
      const { message } = error as LoadFailedError;
      expect(message).toContain('Commit outcome unknown: the connection was lost during COMMIT');
      expect(message).not.toContain('was rolled back');
      await fault.until(`SELECT (${OPEN}) = ${open}`);
      expect(await quarantine.replay()).toMatchObject({ ok: true, received: open, loaded: open });
      expect(await fault.value('SELECT count(*)::integer FROM submissions')).toBe(RECORDS.length);
    },
  );

  it('reports the rollback if the database can be asked', async () => {
    fault.proxy.intercept(aboutTheFirst({ pattern: /^COMMIT/, after: /SET replayed_at/ }, () => 'cut'));
    const error = await errorOf(quarantine.replay());
    expect((error as Error).message).toContain('The replay was rolled back: no record was loaded, all stay open');
    expect(await fault.value(OPEN)).toBe(RECORDS.length);
  });
});
