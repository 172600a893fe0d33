import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import {
  bigint,
  boolean,
  doublePrecision,
  jsonb,
  type PgColumn,
  type PgColumnBuilderBase,
  pgTable,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';

import { quoteIdentifier } from '../../src/postgres/identifiers.js';
import { type BenchTable, valueNames } from '../report/table.js';
import { chunksOf, rowsAStatement } from './shared/chunks.js';
import { type Session, timed } from './contestant.js';
import { createPool } from './shared/pool.js';

const BUILDERS: Readonly<Record<string, (name: string) => PgColumnBuilderBase>> = {
  text,
  boolean,
  jsonb,
  'double precision': doublePrecision,
  bigint: (name) => bigint(name, { mode: 'number' }),
  'timestamp with time zone': (name) => timestamp(name, { withTimezone: true, mode: 'string' }),
};

/** https://orm.drizzle.team/docs/guides/upsert, "upsert multiple rows" */
export async function enterDrizzle(url: string, table: BenchTable): Promise<Session> {
  const pool = createPool(url, 1);
  const db = drizzle(pool);
  const target = pgTable(
    table.name,
    Object.fromEntries(table.columns.map(({ name, type }) => [name, (BUILDERS[type] ?? text)(name)])),
  );
  const set = Object.fromEntries(valueNames(table).map((name) => [name, sql.raw(`excluded.${quoteIdentifier(name)}`)]));
  const key = target[table.key] as PgColumn;
  return {
    prepare: async (records) =>
      timed(() =>
        db.transaction(async (transaction) => {
          for (const chunk of chunksOf(records, rowsAStatement(table))) {
            await transaction.insert(target).values(chunk).onConflictDoUpdate({ target: key, set });
          }
        }),
      ),
    close: () => pool.end(),
  };
}
