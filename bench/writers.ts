// Finds the batch size from which COPY is faster than upsert. `npm run bench:writers`
import 'reflect-metadata';

import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';

import type { ClientBase } from 'pg';
import { DataSource } from 'typeorm';

import { generateHybridRecords } from '../sample/hybrid-sample.js';
import { OpportunityEntity, storageEntities } from '../src/entities/index.js';
import { writeByCopy } from '../src/loader/write/copy-writer.js';
import type { LoadPlan } from '../src/loader/model/load-plan.js';
import { LoadPlans } from '../src/loader/plan/load-plans.js';
import { normalizeRecord } from '../src/loader/normalize/normalize-record.js';
import type { Row } from '../src/loader/model/row.js';
import { writeByUpsert } from '../src/loader/write/upsert-writer.js';
import { withClient } from '../src/postgres/with-client.js';
import { withTransaction } from '../src/postgres/with-transaction.js';
import { LoadObservers } from '../src/stats/observe/load-observers.js';
import { showSpread, spreadOf } from './report/figures.js';
import { withScratch } from './tables/scratch.js';

const SEED = 7;
const ROWS = 2_000;
const ROUNDS = 5;
const BATCH_SIZES = [10, 30, 100, 200, 300, 500, 1_000];
const WRITERS = { upsert: writeByUpsert, copy: writeByCopy };
const LIMITS = { statementTimeoutMs: 0, lockTimeoutMs: 0, connectTimeoutMs: 10_000 };

// A durable server, as by default: the cost of commits is part of the comparison.
await withScratch(undefined, new AbortController().signal, async ({ url }) => {
  const dataSource = await new DataSource({ type: 'postgres', url, entities: storageEntities }).initialize();
  try {
    await compareWriters(dataSource);
  } finally {
    await dataSource.destroy();
  }
});

async function compareWriters(dataSource: DataSource): Promise<void> {
  const plans = new LoadPlans(dataSource, console);
  const onConnection = <T>(work: (client: ClientBase) => Promise<T>) => withClient(dataSource, work);
  const connected = { ask: onConnection, read: onConnection };
  const [plan] = (await plans.for([OpportunityEntity], connected)) as [LoadPlan];
  const rows = generateHybridRecords(SEED, ROWS).flatMap((record): Row[] => {
    const normalized = normalizeRecord(plan, plan.primaryKey, record);
    return normalized.kind === 'row' ? [normalized.row] : [];
  });

  const loadAll = async (writer: keyof typeof WRITERS, size: number): Promise<number> => {
    await dataSource.query('TRUNCATE app_opportunities');
    const start = performance.now();
    for (let from = 0; from < rows.length; from += size) {
      const target = { plan, onConflict: 'merge', key: plan.primaryKey } as const;
      await withTransaction(dataSource, LIMITS, (client) =>
        WRITERS[writer](
          client,
          target,
          { loadId: randomUUID(), observers: new LoadObservers(), failsOnConflict: false, updatesAtOnce: false },
          rows.slice(from, from + size),
        ),
      );
    }
    return performance.now() - start;
  };

  for (const size of BATCH_SIZES) {
    const ratios: number[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const upsert = await loadAll('upsert', size);
      const copy = await loadAll('copy', size);
      // The first round is a warm-up.
      if (round > 0) {
        ratios.push(copy / upsert);
      }
    }
    console.log(`${String(size).padStart(5)} rows a batch: copy/upsert ${showSpread(spreadOf(ratios))}`);
  }
}
