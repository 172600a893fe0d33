import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, DataSource, Entity, Index, PrimaryColumn, Unique } from 'typeorm';

import { InvalidLoadError, SchemaService } from '../../../../src/index.js';
import { Kinds } from '../../../support/entities/kinds.entity.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { someOf } from '../../../support/sizes/sizes.js';

@Entity('gadgets')
@Unique('gadgets_code_key', ['code'])
@Index('gadgets_size_idx', ['size'])
@Index('gadgets_small_idx', ['name'], { where: 'size < 10' })
class Gadget {
  @PrimaryColumn('text')
  id: string;

  @Column('varchar', { length: 20, nullable: true })
  name: string | null;

  @Column('text', { nullable: true })
  code: string | null;

  @Column('integer', { default: 1 })
  size: number;

  @Column('numeric', { precision: 12, scale: 2, nullable: true })
  price: string | null;
}

describe('schema check', () => {
  let app: StorageApp;
  let schema: SchemaService;
  beforeEach(async () => {
    app = await startAppWith([Gadget, Kinds]);
    schema = app.module.get(SchemaService);
  });
  afterEach(() => app.close());

  it('finds no difference in tables as TypeORM can create them', async () => {
    expect(await schema.check(Kinds)).toEqual({ ok: true, tables: ['kinds'], differences: [], otherTables: [] });
    expect(await schema.check()).toMatchObject({ ok: true, differences: [], otherTables: [] });
    expect((await schema.check()).tables).toEqual(
      expect.arrayContaining(['submissions', 'app_opportunities', 'storage_loads', 'gadgets', 'kinds']),
    );
  });

  const GADGETS = '"public"."gadgets"';
  it.each(
    someOf<[string, string, object]>(5, [
      [
        'a missing column',
        'DROP price',
        { column: 'price', kind: 'column', expected: 'numeric(12,2)', actual: 'no such column', breaks: true },
      ],
      ['an extra column', 'ADD note text', { column: 'note', kind: 'extra column', actual: 'text', breaks: false }],
      [
        'one with a default',
        'ADD note text NOT NULL DEFAULT 1',
        { column: 'note', kind: 'extra column', breaks: false },
      ],
      [
        'one that must be given',
        'ADD note text NOT NULL',
        {
          column: 'note',
          kind: 'extra column',
          breaks: true,
          fix: `ALTER TABLE ${GADGETS} ALTER COLUMN "note" DROP NOT NULL`,
        },
      ],
      [
        'another type',
        'ALTER size TYPE bigint',
        { column: 'size', kind: 'type', expected: 'integer', actual: 'bigint', breaks: true },
      ],
      [
        'another length',
        'ALTER name TYPE varchar(5)',
        {
          column: 'name',
          kind: 'type',
          expected: 'character varying(20)',
          actual: 'character varying(5)',
          breaks: false,
        },
      ],
      [
        'another scale',
        'ALTER price TYPE numeric(12,4)',
        {
          column: 'price',
          kind: 'type',
          actual: 'numeric(12,4)',
          breaks: false,
          fix: `ALTER TABLE ${GADGETS} ALTER COLUMN "price" TYPE numeric(12,2) USING "price"::numeric(12,2)`,
        },
      ],
      [
        'NOT NULL',
        'ALTER name SET NOT NULL',
        {
          column: 'name',
          kind: 'nullability',
          actual: 'character varying(20) NOT NULL',
          breaks: true,
          fix: `ALTER TABLE ${GADGETS} ALTER COLUMN "name" DROP NOT NULL`,
        },
      ],
      [
        'no NOT NULL',
        'ALTER size DROP NOT NULL',
        {
          column: 'size',
          kind: 'nullability',
          expected: 'integer NOT NULL',
          breaks: false,
          fix: `ALTER TABLE ${GADGETS} ALTER COLUMN "size" SET NOT NULL`,
        },
      ],
      [
        'no default',
        'ALTER size DROP DEFAULT',
        {
          column: 'size',
          kind: 'default',
          expected: `default '1'`,
          actual: 'no default',
          breaks: true,
          fix: `ALTER TABLE ${GADGETS} ALTER COLUMN "size" SET DEFAULT '1'`,
        },
      ],
      [
        'another default',
        'ALTER size SET DEFAULT 2',
        { column: 'size', kind: 'default', actual: 'default 2', breaks: false },
      ],
      [
        'a default too many',
        `ALTER name SET DEFAULT 'x'`,
        {
          column: 'name',
          kind: 'default',
          expected: 'no default',
          breaks: false,
          fix: `ALTER TABLE ${GADGETS} ALTER COLUMN "name" DROP DEFAULT`,
        },
      ],
      [
        'a computed column',
        'DROP price, ADD price numeric(12,2) GENERATED ALWAYS AS (1) STORED',
        { column: 'price', kind: 'generated', breaks: false },
      ],
      [
        'no unique key',
        'DROP CONSTRAINT gadgets_code_key',
        {
          column: 'code',
          kind: 'unique key',
          breaks: false,
          fix: `CREATE UNIQUE INDEX "gadgets_code_key" ON ${GADGETS} ("code")`,
        },
      ],
      [
        'a unique key too many',
        'ADD CONSTRAINT one UNIQUE (name, size)',
        {
          column: 'name, size',
          kind: 'unique key',
          actual: 'unique index one',
          breaks: false,
          fix: `ALTER TABLE ${GADGETS} DROP CONSTRAINT "one"`,
        },
      ],
      [
        'no index',
        '; DROP INDEX gadgets_size_idx',
        {
          column: 'size',
          kind: 'index',
          actual: 'none',
          breaks: false,
          fix: `CREATE INDEX CONCURRENTLY "gadgets_size_idx" ON ${GADGETS} ("size")`,
        },
      ],
      [
        'no partial index',
        '; DROP INDEX gadgets_small_idx',
        { kind: 'index', fix: `CREATE INDEX CONCURRENTLY "gadgets_small_idx" ON ${GADGETS} ("name") WHERE size < 10` },
      ],
      [
        'an index with interrupted creation',
        `; UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'gadgets_size_idx'::regclass`,
        {
          kind: 'index',
          actual: 'an invalid index, because its creation was interrupted',
          fix: 'REINDEX INDEX CONCURRENTLY "public"."gadgets_size_idx"',
        },
      ],
    ]),
  )('reports %s, and whether it breaks a load', async (_, change, difference) => {
    await app.rows(change.startsWith(';') ? change.slice(2) : `ALTER TABLE gadgets ${change}`);
    const { ok, differences } = await schema.check('gadgets');
    expect(ok).toBe(false);
    expect(differences).toEqual([expect.objectContaining({ table: 'gadgets', ...difference })]);

    // The loader and the check agree.
    const load = app.loader.load(Gadget, [{ id: 'a', name: 'n' }]).then(
      ({ ok: loaded }) => loaded,
      (error: Error) => error.name,
    );
    expect(await load).toBe(differences[0]?.breaks === true ? 'SchemaMismatchError' : true);

    // A column missing in the entity needs no fix in the table.
    const fix =
      differences[0]?.fix.replace(/^add the column to the entity, or, if its values are not needed, /, '') ?? '';
    await app.rows('TRUNCATE gadgets');
    await app.rows(fix);
    const left = (await schema.check(Gadget)).differences;
    expect(left.filter(({ kind, breaks }) => breaks || kind !== 'extra column')).toEqual([]);
  });

  it('reports a missing primary key and a missing table', async () => {
    await app.rows('ALTER TABLE gadgets DROP CONSTRAINT "PK_x"'.replace('PK_x', await primaryKeyOf('gadgets')));
    const { differences } = await schema.check(Gadget);
    expect(differences).toMatchObject([{ column: 'id', kind: 'primary key', actual: 'no primary key', breaks: true }]);
    await app.rows(differences[0]?.fix ?? '');
    expect(await schema.check(Gadget)).toMatchObject({ ok: true });
    await app.rows('DROP TABLE gadgets');
    expect((await schema.check(Gadget)).differences).toMatchObject([
      { table: 'gadgets', kind: 'table', breaks: true, fix: expect.stringContaining('typeorm migration:generate') },
    ]);
  });

  const primaryKeyOf = async (table: string): Promise<string> => {
    const [key] = await app.rows<{ name: string }>(
      `SELECT conname AS name FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'p'`,
      [table],
    );
    return key?.name ?? '';
  };

  it('names tables without an entity, which are no difference', async () => {
    await app.rows('CREATE TABLE somebody_elses (id int)');
    expect(await schema.check()).toMatchObject({ ok: true, otherTables: ['somebody_elses'] });
  });

  it('ignores the migrations table of another tool', async () => {
    await app.rows(`CREATE TABLE migrations AS SELECT 1 AS id, 'create_users' AS migration`);
    expect(await schema.check()).toMatchObject({ ok: true, differences: [] });
  });

  it('rejects an unknown entity, and names the known ones', async () => {
    await expect(schema.check('nope')).rejects.toThrow(InvalidLoadError);
    await expect(schema.check('nope')).rejects.toThrow(/no entity or table "nope".*gadgets/);
  });

  it('reads only', async () => {
    await app.rows('ALTER TABLE gadgets DROP price');
    await app.rows(`DO $$ BEGIN
      EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
    END $$`);
    const readOnly = await new DataSource(app.dataSource.options).initialize();
    try {
      expect((await new SchemaService(readOnly).check()).differences).toMatchObject([{ column: 'price' }]);
    } finally {
      await readOnly.destroy();
    }
  });
});
