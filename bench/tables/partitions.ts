import type { ClientBase } from 'pg';

import { quoteIdentifier } from '../../src/postgres/identifiers.js';
import type { BenchTable } from '../report/table.js';

/** As the tables of this package. */
const FILL = 'WITH (fillfactor = 90)';
/** When the first partition by time begins; each holds an hour. */
const FIRST_HOUR = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

/** The table of a bench, partitioned or not, under a name of its own until it is its turn. */
export interface Variant {
  readonly label: string;
  readonly name: string;
  /** Undefined for the primary key. */
  readonly primaryKey?: readonly string[];
}

/** The time of a record, spread over the partitions by time. */
export function timeIn(partition: number): string {
  return new Date(FIRST_HOUR + partition * HOUR_MS + HOUR_MS / 2).toISOString();
}

/** Creates empty variants of a table; the plain one is the table itself. */
export async function createVariants(
  client: ClientBase,
  { name, key }: BenchTable,
  partitions: number,
): Promise<Variant[]> {
  const time = 'analyzed_at';
  const plain: Variant = { label: 'plain table', name: `${name}_plain` };
  const hash: Variant = { label: 'by hash of the key', name: `${name}_hash` };
  const range: Variant = { label: 'by time', name: `${name}_time`, primaryKey: [key, time] };
  const indexes = await client.query<{ readonly definition: string }>(
    `SELECT substring(pg_get_indexdef(indexrelid) FROM ' USING .*') AS definition
     FROM pg_index WHERE indrelid = $1::regclass AND NOT indisprimary`,
    [quoteIdentifier(name)],
  );
  await client.query(`CREATE TABLE ${hash.name} (LIKE ${name} INCLUDING ALL) PARTITION BY HASH (${key})`);
  await client.query(
    `CREATE TABLE ${range.name} (LIKE ${name} INCLUDING ALL EXCLUDING INDEXES, UNIQUE (${key}, ${time}))
     PARTITION BY RANGE (${time})`,
  );
  for (const { definition } of indexes.rows) {
    await client.query(`CREATE INDEX ON ${range.name} ${definition}`);
  }
  for (let part = 0; part < partitions; part += 1) {
    const [from, to] = [part, part + 1].map((hour) => new Date(FIRST_HOUR + hour * HOUR_MS).toISOString());
    await client.query(
      `CREATE TABLE ${hash.name}_${part} PARTITION OF ${hash.name}
         FOR VALUES WITH (MODULUS ${partitions}, REMAINDER ${part}) ${FILL};
       CREATE TABLE ${range.name}_${part} PARTITION OF ${range.name} FOR VALUES FROM ('${from}') TO ('${to}') ${FILL}`,
    );
  }
  await client.query(`ALTER TABLE ${name} RENAME TO ${plain.name}`);
  return [plain, hash, range];
}

/** Drops the variants; the plain one is the table again. */
export async function dropVariants(
  client: ClientBase,
  { name }: BenchTable,
  variants: readonly Variant[],
): Promise<void> {
  const [plain, ...others] = variants;
  await client.query(`ALTER TABLE ${plain?.name} RENAME TO ${name}; TRUNCATE ${name}`);
  await client.query(`DROP TABLE ${others.map((other) => other.name).join(', ')}`);
}

/** Gives a variant the name of the table while `work` runs. */
export async function asTable<T>(
  client: ClientBase,
  { name }: BenchTable,
  variant: Variant,
  work: () => Promise<T>,
): Promise<T> {
  await client.query(`ALTER TABLE ${variant.name} RENAME TO ${name}`);
  try {
    return await work();
  } finally {
    await client.query(`ALTER TABLE ${name} RENAME TO ${variant.name}`);
  }
}
