import { Test } from '@nestjs/testing';
import pg from 'pg';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';

import { StorageModule } from '../../../src/index.js';
import { readLiveTable } from '../../../src/schema/table/live-table.js';
import { createTestDatabase } from '../../../src/testing/index.js';
import { initStorageApp, type StorageApp } from '../app/storage-app.js';
import type { TypeCases } from './type-case.js';

/** A table `(id integer, v <type>)` and its entity. */
export interface TypedTable extends TypeCases {
  readonly table: string;
  readonly entity: new () => object;
}

/** Types of the tests' own. */
const TYPES = `
  CREATE DOMAIN cents AS numeric(6,2) CHECK (VALUE > 0);
  CREATE DOMAIN few_cents AS cents CHECK (VALUE < 100);
  CREATE DOMAIN short_words AS varchar(3)[];
  CREATE TYPE mood AS ENUM ('happy', 'so, so');
  CREATE TYPE pair AS (a integer, b numeric(5,2));
  CREATE TYPE cent_range AS RANGE (subtype = cents);
  CREATE TYPE word_range AS RANGE (subtype = text);`;

/** Starts an application on a database with a table for each type; those of extensions the server lacks are left out. */
export async function startTypedApp(
  all: readonly TypeCases[],
): Promise<{ readonly app: StorageApp; readonly tables: readonly TypedTable[]; close(): Promise<void> }> {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(
    `${TYPES} ALTER DATABASE ${client.escapeIdentifier(client.database as string)} SET timezone = 'UTC'`,
  );
  const { rows } = await client.query<{ name: string }>('SELECT name FROM pg_available_extensions');
  const available = new Set(rows.map(({ name }) => name));
  const usable = all.filter(({ extension }) => extension === undefined || available.has(extension));
  const tables: TypedTable[] = [];
  for (const [index, cases] of usable.entries()) {
    const table = `t${index}`;
    if (cases.extension !== undefined) {
      await client.query(`CREATE EXTENSION IF NOT EXISTS ${cases.extension}`);
    }
    await client.query(`CREATE TABLE ${table} (id integer PRIMARY KEY, v ${cases.type})`);
    const live = await readLiveTable(client, 'public', table);
    tables.push({ ...cases, table, entity: entityOf(table, live?.columns.get('v')?.type as string) });
  }
  await client.end();
  const dataSource = new DataSource({
    type: 'postgres',
    driver: pg,
    url: database.url,
    entities: tables.map(({ entity }) => entity),
  });
  // TypeORM knows no oid, no domain …; an application may add them in this way.
  const { supportedDataTypes } = dataSource.driver as unknown as { supportedDataTypes: string[] };
  supportedDataTypes.push(
    ...new Set(tables.map(({ type }) => type)),
    ...tables.map(({ entity }) => baseOf.get(entity) as string),
  );
  const app = await initStorageApp(
    await Test.createTestingModule({ imports: [StorageModule.forRoot({ dataSource })] }).compile(),
  );
  return {
    app,
    tables,
    async close() {
      await app.close();
      await database.drop();
    },
  };
}

const baseOf = new WeakMap<object, string>();

function entityOf(table: string, liveType: string): new () => object {
  const array = liveType.endsWith('[]');
  const bare = liveType.replace(/\[\]$/, '');
  // TypeORM has another name for bpchar, and means it by char without quotes.
  const type = bare === '"char"' ? bare : bare.replaceAll('"', '').replace(/^bpchar$/, 'character');
  class Row {}
  Object.defineProperty(Row, 'name', { value: `Row_${table}` });
  Entity(table)(Row);
  PrimaryColumn('integer')(Row.prototype, 'id');
  Column({ type: type as 'text', array, nullable: true })(Row.prototype, 'v');
  baseOf.set(Row, type);
  return Row;
}
