import { HybridStoreService, LoaderService } from '../../src/index.js';
import type { SampleRecord } from '../../sample/hybrid-sample.js';
import { openStorage } from '../contestants/shared/open-storage.js';
import { connectTypeOrm, entityOf } from '../contestants/shared/typeorm-table.js';
import { generateHybrids, generateOpportunities } from '../tables/data.js';
import type { BenchTable } from '../report/table.js';

/** What a small store writes. */
export interface Kind {
  readonly name: string;
  /** Of the opportunities, and of the submissions if it writes both. */
  readonly tables: readonly BenchTable[];
  readonly records: (count: number, from: number) => SampleRecord[];
}

/** A way to store a few records; resolves to a call with prepared records. */
export interface Store {
  readonly name: string;
  prepare(records: readonly SampleRecord[]): () => Promise<unknown>;
  close(): Promise<void>;
}

/** One table and both, on these tables. */
export function kindsOf(opportunities: BenchTable, submissions: BenchTable): Kind[] {
  const names = opportunities.columns.map(({ name }) => name);
  return [
    {
      name: 'one table',
      tables: [opportunities],
      records: (count, from) => [...generateOpportunities(count, names, from)] as SampleRecord[],
    },
    {
      name: 'hybrid',
      tables: [opportunities, submissions],
      records: (count, from) => [...generateHybrids(count, from)],
    },
  ];
}

/** `LoaderService.load` or `HybridStoreService.store`, with default options and a pool of 10. */
export async function openHarbor(url: string, { tables }: Kind): Promise<Store> {
  const app = await openStorage(url);
  const [first] = tables;
  const loader = app.get(LoaderService);
  const hybrid = app.get(HybridStoreService);
  return {
    name: 'harbor',
    prepare: (records) => () => (tables.length > 1 ? hybrid.store(records) : loader.load(first?.name ?? '', records)),
    close: () => app.close(),
  };
}

/** `add` of a buffer, and a `load` of each record, with one pool of 10. */
export async function openBuffer(url: string, { tables }: Kind): Promise<readonly [buffer: Store, each: Store]> {
  const app = await openStorage(url);
  const loader = app.get(LoaderService).for(tables[0]?.name ?? '');
  const buffer = loader.buffer();
  const addAll = async (records: readonly SampleRecord[]): Promise<void> => {
    await Promise.all(records.map((record) => buffer.add(record)));
  };
  return [
    { name: 'harbor, by a buffer', prepare: (records) => () => addAll(records), close: () => app.close() },
    { name: 'harbor', prepare: (records) => () => loader.load(records), close: async () => {} },
  ];
}

/** One `upsert`, or one for each table in one transaction, with TypeORM's default pool of 10. */
export async function openTypeOrm(url: string, { tables }: Kind): Promise<Store> {
  const entities = tables.map(entityOf);
  const dataSource = await connectTypeOrm(url, entities);
  return {
    name: 'TypeORM',
    prepare(records) {
      // Not measured: splitting records into halves, and computing missing values.
      const full = records.map((record) => ({
        ...record,
        reddit_id: record['submission_id'],
        created_utc: dateOf(record),
      }));
      const rows = tables.map(({ columns }) =>
        full.map((record: SampleRecord) => Object.fromEntries(columns.map(({ name }) => [name, record[name] ?? null]))),
      );
      const [entity] = entities;
      if (entities.length === 1 && entity !== undefined) {
        return () => dataSource.getRepository(entity).upsert(rows[0] ?? [], ['submission_id']);
      }
      return () =>
        dataSource.transaction(async (manager) => {
          for (const [index, each] of entities.entries()) {
            await manager.getRepository(each).upsert(rows[index] ?? [], ['submission_id']);
          }
        });
    },
    close: () => dataSource.destroy(),
  };
}

function dateOf({ created_utc: created }: SampleRecord): Date | null {
  if (created === undefined) {
    return null;
  }
  return new Date(typeof created === 'number' ? created * 1000 : String(created));
}
