import { performance } from 'node:perf_hooks';

import type { SampleRecord } from '../../sample/hybrid-sample.js';
import { HybridStoreService } from '../../src/index.js';
import type { Bench, CaseReport } from '../bench.js';
import { withConnection } from '../tables/connection.js';
import { openStorage } from '../contestants/shared/open-storage.js';
import { connectTypeOrm, entityOf } from '../contestants/shared/typeorm-table.js';
import { generateHybrids } from '../tables/data.js';
import { quantile, showFigure, spreadOf } from '../report/figures.js';
import { atMost } from '../report/goals.js';
import { type BenchTable, readTable } from '../report/table.js';
import { countRows, fillTable } from '../tables/table-state.js';
import { BenchError } from '../bench-error.js';

const RECORDS_A_CALL = 100;
const CALLS_A_ROUND = 10;
const WARM_UP_CALLS = 10;

type Store = (records: readonly SampleRecord[]) => Promise<() => Promise<unknown>>;

/** 100 new records into both tables in one call, this package and TypeORM in turn. */
export async function runHybrid(bench: Bench): Promise<CaseReport> {
  const tables = await withConnection(bench.url, async (client) => {
    const both = await Promise.all(['app_opportunities', 'submissions'].map((name) => readTable(client, name)));
    for (const table of both) {
      await fillTable(client, table, []);
    }
    return both;
  });
  const harbor = await openHarbor(bench.url);
  const typeorm = await openTypeOrm(bench.url, tables);
  try {
    const calls = CALLS_A_ROUND * bench.rounds;
    const times = await takeTurns(bench, [harbor.store, typeorm.store], calls);
    await checkCounts(bench.url, tables, 2 * (calls + WARM_UP_CALLS) * RECORDS_A_CALL);
    return report(times as [number[], number[]]);
  } finally {
    await Promise.allSettled([harbor.close(), typeorm.close()]);
  }
}

async function openHarbor(url: string): Promise<{ store: Store; close(): Promise<void> }> {
  const app = await openStorage(url);
  const service = app.get(HybridStoreService);
  return { store: async (records) => () => service.store(records), close: () => app.close() };
}

async function openTypeOrm(
  url: string,
  tables: readonly BenchTable[],
): Promise<{ store: Store; close(): Promise<void> }> {
  const entities = tables.map(entityOf);
  const dataSource = await connectTypeOrm(url, entities);
  const store: Store = async (records) => {
    // Not measured: splitting records into halves, and computing missing values.
    const full = records.map((record) => ({
      ...record,
      reddit_id: record['submission_id'],
      created_utc: dateOf(record),
    }));
    const halves = tables.map(({ columns }) =>
      full.map((record: SampleRecord) => Object.fromEntries(columns.map(({ name }) => [name, record[name] ?? null]))),
    );
    return () =>
      dataSource.transaction(async (manager) => {
        for (const [index, entity] of entities.entries()) {
          await manager.getRepository(entity).upsert(halves[index] ?? [], ['submission_id']);
        }
      });
  };
  return { store, close: () => dataSource.destroy() };
}

function dateOf({ created_utc: created }: SampleRecord): Date {
  return new Date(typeof created === 'number' ? created * 1000 : String(created));
}

async function takeTurns(bench: Bench, stores: readonly Store[], calls: number): Promise<number[][]> {
  const times = stores.map(() => new Array<number>());
  let from = 0;
  for (let call = -WARM_UP_CALLS; call < calls; call += 1) {
    if (call % CALLS_A_ROUND === 0) {
      bench.onProgress(call < 0 ? 'warm-up' : `call ${call} of ${calls}`);
    }
    for (const [index, store] of stores.entries()) {
      const run = await store([...generateHybrids(RECORDS_A_CALL, from)]);
      from += RECORDS_A_CALL;
      const start = performance.now();
      await run();
      const milliseconds = performance.now() - start;
      if (call >= 0) {
        times[index]?.push(milliseconds);
      }
    }
  }
  return times;
}

async function checkCounts(url: string, tables: readonly BenchTable[], expected: number): Promise<void> {
  await withConnection(url, async (client) => {
    for (const table of tables) {
      const found = await countRows(client, table);
      if (found !== expected) {
        throw new BenchError(`the calls left ${found} rows of ${expected} in ${table.name}`);
      }
    }
  });
}

function lineOf(label: string, times: readonly number[]): unknown[] {
  return [label, times.length, ...[0.5, 0.95].map((share) => `${showFigure(quantile(times, share))} ms`)];
}

function report([ours, theirs]: [number[], number[]]): CaseReport {
  const ratios = spreadOf(ours.map((each, call) => each / (theirs[call] ?? NaN)));
  return {
    title: `${RECORDS_A_CALL} hybrid records in one call, into both tables`,
    head: ['', 'calls', 'p50', 'p95'],
    rows: [lineOf('harbor, HybridStoreService.store', ours), lineOf('TypeORM, two upserts in one transaction', theirs)],
    notes: [],
    goals: [atMost('p50 ≤ 1/2 of TypeORM upsert into both tables', ratios, 1 / 2)],
    figures: { harbor: ours, typeorm: theirs },
  };
}
