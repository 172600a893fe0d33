import { expect, it } from '@jest/globals';
import fc from 'fast-check';

import { LoadFailedError, type LoadProgress, type RowOutcome } from '../../../src/index.js';
import { startStorageAppAt, type StorageApp } from '../../support/app/storage-app.js';
import { type Proxy, startProxy } from '../../support/database/proxy.js';
import { eventually, queryValue } from '../../support/processes/embedded-processes.js';
import { type ReplicatedServer, startReplicatedServer } from '../../support/processes/replicated-server.js';
import { propertyRuns, sized } from '../../support/sizes/sizes.js';

/** `FAILOVERS=20 npm run test:faults -- test/faults/replicas/failover.spec.ts`. */
const RUNS = Number(process.env['FAILOVERS'] ?? sized(2, 5));
const RUN_MS = 60_000;
const COUNT = 2_000;
const BATCH_SIZE = 100;

/** One record in 50 is rejected by its key, one by a constraint of the table. */
const records = Array.from({ length: COUNT }, (_, position) => ({
  submission_id: position % 50 === 7 ? '' : `t3_${position}`,
  title: position % 50 === 31 ? 'bad' : 'good',
}));
const bad = records.flatMap(({ submission_id, title }, position) =>
  submission_id === '' || title === 'bad' ? [position] : [],
);
const inserted = COUNT - bad.length;

/** When the primary dies, and what its loader does then. */
interface Failover {
  readonly batch: number;
  /** When so many batches are acknowledged, or while the COMMIT of that many is on its way. */
  readonly moment: 'acknowledged' | 'committing';
  /** `past a standby`: for a while its address leads to the former primary, which is back and takes no writes. */
  readonly load: 'goes on' | 'goes on past a standby' | 'is resumed';
}

const failovers = fc.record<Failover>({
  batch: fc.integer({ min: 1, max: COUNT / BATCH_SIZE - 3 }),
  moment: fc.constantFrom('acknowledged', 'committing'),
  load: fc.constantFrom('goes on', 'goes on past a standby', 'is resumed'),
});

/** A primary with a synchronous replica, at one address, and a loader. */
async function withServer(
  maxRetryMs: number,
  work: (server: ReplicatedServer, proxy: Proxy, app: StorageApp) => Promise<void>,
): Promise<void> {
  const server = await startReplicatedServer();
  const proxy = await startProxy(server.primary);
  try {
    const app = await startStorageAppAt(proxy.url, { migrations: 'run', loader: { maxRetryMs } });
    try {
      await app.rows(`ALTER TABLE submissions ADD CHECK (title <> 'bad')`);
      await work(server, proxy, app);
    } finally {
      await app.close();
    }
  } finally {
    await proxy.close();
    await server.close();
  }
}

/** Resolves when a transaction has been tried again on the server that the proxy leads to now. */
function triedAgain(proxy: Proxy): Promise<void> {
  let begun = 0;
  return new Promise((resolve) => {
    proxy.intercept(({ sql }) => {
      begun += Number(sql.startsWith('BEGIN'));
      if (begun === 3) resolve();
      return 'pass';
    });
  });
}

it(
  'a failover in the middle of a load with a load key loses no acknowledged record, and stores none twice',
  async () => {
    const property = fc.asyncProperty(failovers, async ({ batch, moment, load }) => {
      await withServer(load === 'is resumed' ? 0 : RUN_MS, async (server, proxy, app) => {
        const acknowledged: string[] = [];
        let failing: Promise<void> | undefined;
        const failOver = async (): Promise<void> => {
          await server.killPrimary();
          await proxy.reject();
          if (load === 'goes on past a standby') {
            await proxy.restore(await server.returnAsStandby());
            await Promise.race([triedAgain(proxy), loading]);
            await proxy.reject();
          }
          await server.promote();
          const stored = new Set(await keysIn(server.replica));
          expect(acknowledged.filter((key) => !stored.has(key))).toEqual([]);
          await proxy.restore(server.replica);
        };
        let commits = 0;
        proxy.intercept(({ sql }) => {
          commits += Number(sql === 'COMMIT');
          // Before the first batch is the claim of the load key.
          if (moment === 'committing' && commits > batch) failing ??= failOver();
          return 'pass';
        });
        const options = {
          disposition: 'append',
          loadKey: 'posts',
          batchSize: BATCH_SIZE,
          onRows: (rows: readonly RowOutcome[]) =>
            void acknowledged.push(
              ...rows.flatMap(({ outcome, key }) => (outcome === 'inserted' ? [String(key?.['submissionId'])] : [])),
            ),
          onProgress({ batches }: LoadProgress) {
            if (moment === 'acknowledged' && batches >= batch) failing ??= failOver();
          },
        } as const;
        const isResumed = load === 'is resumed';
        const loading: Promise<unknown> = app.profiles.storeBatch(records, options).catch((error: unknown) => error);
        const first = await loading;
        expect(failing).toBeDefined();
        await failing;
        expect(first instanceof LoadFailedError).toBe(isResumed);
        const result = isResumed ? await app.profiles.storeBatch(records, options) : first;
        expect(result).toMatchObject({ received: COUNT, inserted, rejected: bad.length, failed: 0 });
        const keys = await keysIn(server.replica);
        expect(keys).toEqual([...new Set(keys)]);
        expect(keys).toHaveLength(inserted);
        expect(keys).toEqual(expect.arrayContaining(acknowledged));
        // Of a batch whose reply to COMMIT was lost, the load that resumes says nothing.
        expect(isResumed || acknowledged.length === inserted).toBe(true);
        expect(
          await app.rows(
            'SELECT status, received::integer, inserted::integer, rejected::integer, failed::integer FROM storage_loads',
          ),
        ).toEqual([{ status: 'completed', received: COUNT, inserted, rejected: bad.length, failed: 0 }]);
        expect(await app.rows('SELECT position::integer FROM storage_rejected_records ORDER BY position')).toEqual(
          bad.map((position) => ({ position })),
        );
      });
    });
    await fc.assert(property, { ...propertyRuns(), numRuns: RUNS, endOnFailure: true });
  },
  RUNS * RUN_MS,
);

async function keysIn(url: string): Promise<string[]> {
  const keys = await queryValue(url, 'SELECT array_agg(submission_id) FROM submissions');
  return ((keys as string[] | null) ?? []).toSorted();
}

it.each([
  ['one statement', 3],
  ['a transaction', 300],
])(
  'a COMMIT that is cut off before the replica has it is acknowledged only when the replica has it: %s',
  async (_, count) => {
    await withServer(RUN_MS, async (server, __, app) => {
      await app.profiles.store(records.slice(0, 5));
      await server.stopReplica();
      const waiting = `FROM pg_stat_activity WHERE wait_event = 'SyncRep'`;
      const untilWaiting = async (): Promise<void> => {
        expect(
          await eventually(async () => (await queryValue(server.primary, `SELECT count(*) = 1 ${waiting}`)) === true),
        ).toBe(true);
      };
      let isOver = false;
      const fresh = Array.from({ length: count }, (___, n) => ({ submission_id: `new_${n}` }));
      const storing = app.profiles.store(fresh).finally(() => (isOver = true));
      await untilWaiting();
      await queryValue(server.primary, `SELECT pg_terminate_backend(pid) ${waiting}`);
      // It is asked for, by another transaction that waits the same.
      await untilWaiting();
      expect(isOver).toBe(false);
      await server.startReplica();
      expect(await storing).toMatchObject({ ok: true, inserted: count, retries: 1 });
    });
  },
);
