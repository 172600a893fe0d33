import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { SubmissionEntity } from '../../src/index.js';
import { LoadObservation, LoadObserver } from '../../src/stats/observe/load-observer.js';
import { checkedLedger } from '../support/app/ledger.js';
import { startStorageAppAt, type StorageApp } from '../support/app/storage-app.js';
import { type CitusCluster, startCitusCluster } from '../support/citus/cluster.js';
import { type CitusDatabase, createCitusDatabase } from '../support/citus/databases.js';

/** More than `loader.maxAttempts`. */
const RETRIES_WITHOUT_WORKER = 8;
const RECORDS = 2_000;

/** Tells of each retry. */
class Retries extends LoadObserver {
  readonly codes: string[] = [];

  constructor(private readonly onRetry: (retries: number) => void) {
    super();
  }

  override load(): LoadObservation {
    return Object.assign(new LoadObservation(), {
      retried: (_table: string, code: string) => {
        this.codes.push(code);
        this.onRetry(this.codes.length);
      },
    });
  }
}

describe('a load whose worker is lost', () => {
  let cluster: CitusCluster;
  let database: CitusDatabase;
  let app: StorageApp;

  beforeAll(async () => {
    cluster = await startCitusCluster();
    database = await createCitusDatabase(cluster);
    app = await startStorageAppAt(database.url, {
      migrations: 'run',
      distributed: true,
      loader: { batchSize: 300, parallelism: 1, maxRetryMs: 90_000 },
    });
  });

  afterAll(async () => {
    await app?.close();
    await cluster?.stop();
  });

  it.each([0, 1])('goes on when worker %i is back, however many attempts it takes', async (number) => {
    const worker = cluster.workers[number];
    const restarted: Promise<void>[] = [];
    const retries = new Retries((count) => {
      if (count === RETRIES_WITHOUT_WORKER) restarted.push(worker?.start() ?? Promise.resolve());
    });
    const stop = app.stats.observers.add(retries);
    async function* records() {
      for (let n = 0; n < RECORDS; n += 1) {
        if (n === RECORDS / 2) await worker?.crash();
        yield { submission_id: `worker ${number}, ${n}`, title: `title ${n}` };
      }
    }
    const loadKey = `worker ${number}`;
    const result = await app.loader.loadBatch(SubmissionEntity, records(), { loadKey });
    stop();
    await Promise.all(restarted);

    expect(restarted).toHaveLength(1);
    expect(retries.codes.length).toBeGreaterThanOrEqual(RETRIES_WITHOUT_WORKER);
    expect(result).toMatchObject({ ok: true, received: RECORDS, inserted: RECORDS });
    const ledger = await checkedLedger((sql, parameters) => app.rows(sql, parameters), loadKey);
    expect(ledger).toMatchObject({ status: 'completed', inserted: RECORDS });
    // Citus commits what a lost worker had only prepared once a minute, or when asked.
    await app.rows('SELECT recover_prepared_transactions()');
    const [stored] = await app.rows(`SELECT count(*)::integer AS n FROM submissions WHERE submission_id LIKE $1`, [
      `worker ${number}, %`,
    ]);
    expect(stored).toEqual({ n: RECORDS });
  });
});
