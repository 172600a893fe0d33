import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Column, DataSource, Entity, type EntityManager, PrimaryColumn } from 'typeorm';

import {
  baseTypeOf,
  checkout,
  type ColumnMetadata,
  connectionOf,
  databaseOfConnection,
  defaultOf,
  dropIdle,
  fullTypeOf,
  managerOf,
  optionsOf,
  schemaOfConnection,
  transactionOf,
  transformTo,
} from '../../../src/postgres/typeorm-adapter.js';
import { createTestDatabase, type TestDatabase } from '../../../src/testing/test-postgres.js';
import { THROUGH_PGBOUNCER } from '../../support/database/open-connections.js';

const suffix = (text: string) => ({
  to: (value: string) => value + text,
  from: (value: string) => value.slice(0, -text.length),
});

@Entity('contracts')
class Contract {
  @PrimaryColumn('text')
  id: string;

  @Column('varchar', { length: 20, default: 'none' })
  name: string;

  @Column('numeric', { precision: 10, scale: 2, default: -1.5 })
  amount: string;

  @Column({ type: 'timestamptz', precision: 3, default: '2024-01-02T03:04:05Z' })
  seen: Date;

  @Column({ type: 'int', array: true, default: [1, 2] })
  numbers: number[];

  @Column('jsonb', { default: { a: [1, "it's"] } })
  setup: object;

  @Column('boolean', { nullable: true })
  on: boolean | null;

  @Column('text', { nullable: true, transformer: suffix('!') })
  one: string | null;

  @Column('text', { nullable: true, transformer: [suffix('1'), suffix('2')] })
  several: string | null;
}

/** Each of these is what another version of TypeORM may change. */
describe('what is used of TypeORM beside its documented interface', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  beforeAll(async () => {
    database = await createTestDatabase();
    const admin = new DataSource({ type: 'postgres', driver: pg, url: database.url });
    await admin.initialize();
    await admin.query('CREATE SCHEMA contract; CREATE SCHEMA found');
    await admin.destroy();
    dataSource = await connect({ schema: 'contract', poolSize: 2, connectTimeoutMS: 5_000 });
    await dataSource.synchronize();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const connect = (options: object): Promise<DataSource> =>
    new DataSource({ type: 'postgres', driver: pg, url: database.url, entities: [Contract], ...options }).initialize();
  const poolOf = (source: DataSource) => (source.driver as unknown as { master: pg.Pool }).master;
  const columns = (): ColumnMetadata[] => dataSource.getMetadata(Contract).columns;
  const columnOf = (name: string): ColumnMetadata => {
    const found = columns().find(({ databaseName }) => databaseName === name);
    if (found === undefined) throw new Error(name);
    return found;
  };

  describe('the pool', () => {
    it('checks out a connection of pg, and releases it', async () => {
      const [client, release] = await checkout(dataSource);
      expect(client).toBeInstanceOf(pg.Client);
      expect((await client.query<{ n: number }>('SELECT 1 AS n')).rows).toEqual([{ n: 1 }]);
      const { totalCount, idleCount } = poolOf(dataSource);
      release();
      expect(poolOf(dataSource)).toMatchObject({ totalCount, idleCount: idleCount + 1 });
    });

    it('destroys one that is given back with an error', async () => {
      const [client, release] = await checkout(dataSource);
      client.on('error', () => {});
      const { totalCount } = poolOf(dataSource);
      release(new Error('broken'));
      expect(poolOf(dataSource).totalCount).toBe(totalCount - 1);
    });

    it('loses its idle connections only when it is told to', async () => {
      const [, release] = await checkout(dataSource);
      const [idle, releaseIdle] = await checkout(dataSource);
      releaseIdle();
      dropIdle(dataSource);
      const [fresh, releaseFresh] = await checkout(dataSource);
      expect(poolOf(dataSource)).toMatchObject({ totalCount: 2, idleCount: 0 });
      expect(fresh).not.toBe(idle);
      releaseFresh();
      release();
      expect(poolOf(dataSource)).toMatchObject({ totalCount: 2, idleCount: 2 });
    });

    it('loses none that somebody waits for, and opens none to lose it', async () => {
      const pool = poolOf(dataSource);
      let opened = 0;
      pool.on('connect', () => (opened += 1));
      dropIdle(dataSource);
      dropIdle(dataSource);
      const [, release] = await checkout(dataSource);
      expect(opened).toBe(1);
      const [idle, releaseIdle] = await checkout(dataSource);
      releaseIdle();
      const waiting = checkout(dataSource);
      dropIdle(dataSource);
      const [taken, releaseTaken] = await waiting;
      expect(taken).toBe(idle);
      release();
      releaseTaken();
      expect(pool).toMatchObject({ totalCount: 2, idleCount: 2 });
    });

    it('is as large as the options say, and waits as long', () => {
      expect(optionsOf(dataSource)).toMatchObject({ type: 'postgres', poolSize: 2, connectTimeoutMS: 5_000 });
      expect(poolOf(dataSource).options).toMatchObject({ max: 2, connectionTimeoutMillis: 5_000 });
    });
  });

  describe('a transaction', () => {
    const transactionId = (manager: EntityManager) =>
      manager.query<unknown[]>('SELECT pg_backend_pid() AS pid, pg_current_xact_id()::text AS xid');

    it('of a manager is on this connection; one without a transaction has none', async () => {
      let kept: EntityManager | undefined;
      await dataSource.transaction(async (manager) => {
        kept = manager;
        const client = await transactionOf(manager);
        const { rows = [] } = (await client?.query(
          'SELECT pg_backend_pid() AS pid, pg_current_xact_id()::text AS xid',
        )) ?? { rows: [] };
        expect(rows).toEqual(await transactionId(manager));
      });
      expect(await transactionOf(kept as EntityManager)).toBeUndefined();
      expect(await transactionOf(dataSource.manager)).toBeUndefined();
    });

    it('that pg began is joined by the manager made of its connection', async () => {
      const [client, release] = await checkout(dataSource);
      try {
        await client.query('BEGIN');
        const manager = managerOf(dataSource, client);
        expect(await transactionOf(manager)).toBe(client);
        await manager.getRepository(Contract).insert({ id: 'joined' });
        const { rows } = await client.query(`SELECT id FROM contract.contracts`);
        expect(rows).toEqual([{ id: 'joined' }]);
        expect(await dataSource.getRepository(Contract).count()).toBe(0);
        await client.query('ROLLBACK');
      } finally {
        release();
      }
      expect(await dataSource.getRepository(Contract).count()).toBe(0);
    });

    it('of a query runner is on the connection it gives', async () => {
      const runner = dataSource.createQueryRunner();
      try {
        await runner.startTransaction();
        const client = await connectionOf(runner);
        expect(client).toBe(await transactionOf(runner.manager));
        await runner.rollbackTransaction();
      } finally {
        await runner.release();
      }
    });
  });

  describe('the schema of tables without one', () => {
    it('is that of the options', () => {
      expect(schemaOfConnection(dataSource)).toBe('contract');
      expect(new URL(database.url).pathname).toBe(`/${databaseOfConnection(dataSource)}`);
    });

    it('or the one the connection begins its search in', async () => {
      // PgBouncer takes no options at the start of a connection.
      const extra = THROUGH_PGBOUNCER ? {} : { options: '-c search_path=found' };
      const other = await connect({ extra });
      expect(schemaOfConnection(other)).toBe(THROUGH_PGBOUNCER ? 'public' : 'found');
      await other.destroy();
    });
  });

  describe('a column', () => {
    it('has the type that the table is made with', async () => {
      const live = await dataSource.query<{ name: string; type: string }[]>(
        `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
          WHERE attrelid = 'contract.contracts'::regclass AND attnum > 0 ORDER BY attnum`,
      );
      const asked = await Promise.all(
        columns().map(async (column) => {
          const [row] = await dataSource.query<{ type: string }[]>(
            `SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute
              WHERE attrelid = 'contract.contracts'::regclass AND attname = $1 AND format_type(atttypid, -1) = $2`,
            [column.databaseName, baseTypeOf(column) + (column.isArray ? '[]' : '')],
          );
          return { name: column.databaseName, type: row?.type };
        }),
      );
      expect(asked).toEqual(live);
      expect(columns().map(fullTypeOf)).toEqual([
        'text',
        'character varying(20)',
        'numeric(10,2)',
        'TIMESTAMP(3) WITH TIME ZONE',
        'integer array',
        'jsonb',
        'boolean',
        'text',
        'text',
      ]);
    });

    it.each(['name', 'amount', 'seen', 'numbers', 'setup'])(
      'has the default the table is made with: %s',
      async (name) => {
        const column = columnOf(name);
        const [row] = await dataSource.query<{ same: boolean }[]>(
          `WITH made AS (INSERT INTO contract.contracts (id) VALUES ('by default') RETURNING ${name}), gone AS (SELECT 1)
         SELECT made.${name} = (${defaultOf(column)})::${fullTypeOf(column)} AS same FROM made`,
        );
        expect(row).toEqual({ same: true });
        await dataSource.query('DELETE FROM contract.contracts');
      },
    );

    it('without a default has none', () => {
      expect(defaultOf(columnOf('on'))).toBeUndefined();
    });

    it.each(['one', 'several'])('is transformed as when TypeORM stores it: %s', async (name) => {
      await dataSource.getRepository(Contract).insert({ id: name, [name]: 'text' });
      const [row] = await dataSource
        .query<Record<string, string>[]>(`DELETE FROM contract.contracts RETURNING ${name}`)
        .then(([rows]) => rows as unknown as Record<string, string>[]);
      const { transformer } = columnOf(name);
      expect(transformer && transformTo(transformer, 'text')).toBe(row?.[name]);
      expect(row?.[name]).toBe(name === 'one' ? 'text!' : 'text12');
    });
  });
});
