import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { QuarantineService } from '../../src/index.js';
import { StorageOperations } from '../../src/operations/storage-operations.js';
import { migrateUp } from '../../src/schema/migrations/migrations.js';
import { startStorageAppAt, type StorageApp } from '../support/app/storage-app.js';
import { type CitusDatabase, createCitusDatabase } from '../support/citus/databases.js';
import { seedHistory } from '../support/history/seed-history.js';

const DAY_MS = 86_400_000;

describe('history and quarantine as single-shard tables', () => {
  let database: CitusDatabase;
  let app: StorageApp;

  beforeAll(async () => {
    database = await createCitusDatabase();
    app = await startStorageAppAt(database.url, { migrations: 'run' });
  });

  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });

  /** What operators, the console and the command line ask, without what depends on the moment of the question. */
  async function answers(): Promise<Record<string, unknown>> {
    const operations = new StorageOperations(app.dataSource);
    const quarantine = app.module.get(QuarantineService);
    const { loads, ...page } = await operations.loads();
    const [load] = loads;
    const running = await operations.running();
    const [reject] = await quarantine.list({ limit: 1 });
    return {
      activity: (await operations.activity('30d')).total,
      page: { ...page, loads },
      later: await operations.loads({ table: 'submissions' }),
      batches: load && [await operations.batches(load), await operations.timeline(load), await operations.shards(load)],
      running: { ...running, loads: running.loads.map((each) => ({ ...each, silentMs: 0 })) },
      freshness: (await operations.freshness()).map(({ table }) => table),
      groups: await operations.rejectsByTableAndReason(),
      replayed: await operations.rejectsByTableAndReason({ replayed: true }),
      rejects: await operations.rejects({ limit: 20 }),
      count: await operations.countRejects({ table: 'submissions' }),
      pending: await operations.pendingMigrations(),
      history: await app.stats.history({ limit: 20 }),
      totals: await app.stats.totals(),
      period: await app.stats.historyPeriod(),
      reasons: await quarantine.countByReason(),
      reject: reject && (await quarantine.get(reject.id, { withRaw: true })),
    };
  }

  it('give the same answers as on one server, before and after they are distributed', async () => {
    await seedHistory((sql, parameters) => app.dataSource.query(sql, parameters), {
      loads: 200,
      rejects: 300,
      batchesOfLargest: 50,
    });
    const before = await answers();
    await migrateUp({ url: database.url }, { distributed: true });

    expect(await answers()).toEqual(before);
    expect(before['count']).toBeGreaterThan(0);
  });

  it('are purged', async () => {
    const olderThan = new Date(Date.now() - 45 * DAY_MS);
    const [{ n } = { n: 0 }] = await app.rows<{ n: number }>(
      `SELECT count(*)::integer AS n FROM storage_loads WHERE started_at < $1`,
      [olderThan],
    );
    const dry = await app.stats.purge({ olderThan, dryRun: true });
    expect(await app.stats.purge({ olderThan })).toEqual(dry);
    expect(dry.loads).toBeGreaterThan(0);
    expect(dry.loads).toBeLessThanOrEqual(n);
    expect((await app.stats.purge({ olderThan, dryRun: true })).loads).toBe(0);

    const quarantine = app.module.get(QuarantineService);
    const filter = { table: 'submissions' };
    const expected = await quarantine.count(filter);
    expect(await quarantine.purge(filter, { expected })).toMatchObject({ purged: expected });
    expect(await quarantine.count(filter)).toBe(0);
  });

  it('keep rejected records, which are exported and replayed', async () => {
    const quarantine = app.module.get(QuarantineService);
    const records = Array.from({ length: 300 }, (_, n) => ({
      submission_id: `r${n}`,
      title: `title ${n}`,
      num_comments: n % 100 === 0 ? 'many' : n,
    }));
    const result = await app.profiles.untyped().storeBatch(records, { loadKey: 'once' });
    expect(result).toMatchObject({ inserted: 297, rejected: 3 });

    const exported: string[] = [];
    for await (const { raw } of quarantine.records({ loadId: result.loadId })) exported.push(raw.toString());
    expect(exported).toHaveLength(3);
    expect(await quarantine.replay({ loadId: result.loadId })).toMatchObject({ rejected: 3 });
    expect(await quarantine.count({ loadId: result.loadId })).toBe(3);
  });
});
