import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { SchemaMismatchError, StorageModule } from '../../../../src/index.js';
import { withLoginRole } from '../../../support/database/login-role.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { errorOf } from '../../../support/parity/faults.js';
import { startStorageAppAt, type StorageApp } from '../../../support/app/storage-app.js';

@Entity('readings')
class Reading {
  @PrimaryColumn('integer')
  id: number;

  @Column('numeric', { precision: 10, scale: 2, nullable: true })
  n: string | null;

  @Column('varchar', { length: 10, nullable: true })
  label: string | null;

  @Column('timestamptz', { nullable: true })
  at: string | null;

  @Column('text', { nullable: true })
  note: string | null;
}

describe('a table that is altered between the batches of a load', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Reading], { loader: { parallelism: 1 } });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await app.rows('DROP TABLE readings');
    await app.dataSource.synchronize();
  });

  const SIZE = 3;
  const readings = (from: number, count = SIZE): object[] =>
    Array.from({ length: count }, (_, index) => ({
      id: from + index,
      n: '1.55',
      label: 'label',
      at: '2024-05-01T23:34:56Z',
      note: 'a long note',
    }));
  async function* altering(change: string, count = SIZE): AsyncGenerator<object> {
    yield* readings(0, count);
    await app.rows(change);
    yield* readings(count, count);
  }
  const stored = () => app.rows('SELECT DISTINCT n::text AS n, label FROM readings WHERE id >= 3');

  it.each(['merge', 'append', 'replace'] as const)(
    'stops before it would change a value, and names column and way out: %s',
    async (disposition) => {
      const changes = [
        ['ALTER n TYPE integer', 'n', SIZE],
        ['ALTER n TYPE numeric(10,1)', 'n', SIZE],
        ['ALTER n TYPE numeric(10,1)', 'n', 250],
        ['ALTER label TYPE char(5)', 'label', SIZE],
        ['ALTER at TYPE date', 'at', SIZE],
        ['ALTER note TYPE varchar(5)', 'note', SIZE],
        ['ALTER n TYPE numeric(10,2) USING 7, ADD tenant integer NOT NULL', 'tenant', SIZE],
        ['DROP n, ADD n numeric(10,2) GENERATED ALWAYS AS (id) STORED', 'n', SIZE],
      ] as const;
      for (const [change, column, size] of disposition === 'merge' ? changes : changes.slice(1, 2)) {
        await app.rows('DROP TABLE readings');
        await app.dataSource.synchronize();
        const source = altering(`DELETE FROM readings; ALTER TABLE readings ${change}`, size);
        const error = await errorOf(app.loader.loadBatch(Reading, source, { batchSize: size, disposition }));
        expect(error).toBeInstanceOf(SchemaMismatchError);
        expect((error as SchemaMismatchError).differences.map((difference) => difference.column)).toContain(column);
        expect(await app.count('readings')).toBe(0);
      }
    },
    30_000,
  );

  it.each(['merge', 'append', 'replace'] as const)('goes on where each value fits: %s', async (disposition) => {
    const change = `ALTER TABLE readings ALTER n TYPE numeric(12,3), ALTER label TYPE varchar(20), ADD more text`;
    const result = await app.loader.loadBatch(Reading, altering(change), { batchSize: SIZE, disposition });
    expect(result).toMatchObject({ ok: true, inserted: 2 * SIZE });
    expect(await stored()).toEqual([{ n: '1.550', label: 'label' }]);
  });

  it('stops a load in a transaction of its caller', async () => {
    const error = await app.dataSource.transaction(async (manager) => {
      async function* source(): AsyncGenerator<object> {
        yield* readings(0);
        await manager.query('ALTER TABLE readings ALTER n TYPE numeric(10,1)');
        yield* readings(SIZE);
      }
      const loader = app.loader.for(Reading).withManager(manager);
      return errorOf(loader.loadBatch(source(), { batchSize: SIZE }));
    });
    expect(error).toBeInstanceOf(SchemaMismatchError);
    expect(await app.count('readings')).toBe(SIZE);
  });

  it('stops a load in a transaction that sees an older table', async () => {
    const error = await app.dataSource.transaction('REPEATABLE READ', async (manager) => {
      await manager.query('SELECT 1 FROM storage_loads LIMIT 1');
      await app.rows('ALTER TABLE readings ALTER n TYPE numeric(10,1)');
      return errorOf(app.loader.for(Reading).withManager(manager).load(readings(0)));
    });
    expect(error).toBeInstanceOf(SchemaMismatchError);
    expect(String(error)).toMatch(/repeat the transaction/);
    expect(await app.count('readings')).toBe(0);
  });

  it('is loaded right beside an ALTER', async () => {
    const load = app.loader.load(Reading, readings(0));
    const [, result] = await Promise.all([app.rows('ALTER TABLE readings ALTER n TYPE numeric(12,4)'), load]);
    expect(result).toMatchObject({ inserted: SIZE, ok: true });
    expect(await app.rows('SELECT DISTINCT n::text AS n FROM readings')).toEqual([{ n: '1.5500' }]);
  });

  it('can be loaded by a role with privileges on single columns', () =>
    withLoginRole(app, async (url, role) => {
      await app.rows(`
        ALTER ROLE ${role} BYPASSRLS;
        REVOKE ALL ON readings FROM ${role};
        GRANT SELECT, INSERT (id, n, label, at, note), UPDATE (n, label, at, note) ON readings TO ${role}`);
      const other = await startStorageAppAt(url, { migrations: 'off' }, [StorageModule.forFeature([Reading])]);
      try {
        expect(await other.loader.load(Reading, readings(0))).toMatchObject({ inserted: SIZE, ok: true });
      } finally {
        await other.close();
      }
    }));
});
