import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';

import { type BatchLoadResult, LoadFailedError, SchemaMismatchError } from '../../../../src/index.js';
import { classifyFault } from '../../../../src/postgres/faults/sqlstate.js';
import { errorOf } from '../../../support/parity/faults.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { textOf } from '../../../support/database/statements.js';
import { someOf } from '../../../support/sizes/sizes.js';

@Entity('parts')
@Unique('parts_code_key', ['code'])
class Part {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'parts_pkey' })
  id: string;

  @Column('text', { nullable: true })
  code: string | null;

  @Column('integer', { nullable: true })
  size: number | null;
}

const part = (index: number): object => ({ id: `p${String(index).padStart(4, '0')}`, code: `c${index}`, size: index });
const parts = (count: number, first = 0): object[] => Array.from({ length: count }, (_, index) => part(first + index));

describe('a table altered while the application runs', () => {
  let app: StorageApp;
  beforeEach(async () => {
    app = await startAppWith([Part], { loader: { parallelism: 1 } });
    await app.loader.load(Part, [part(0)]);
  });
  afterEach(() => app.close());

  it.each(
    someOf<[string, string, string, string | undefined, string]>(2, [
      ['a column is dropped', 'DROP size', 'ADD size integer', 'size', 'ADD COLUMN "size" integer'],
      ['a type changes', 'ALTER size TYPE text', 'ALTER size TYPE integer USING size::integer', 'size', 'TYPE integer'],
      ['NOT NULL is added', 'ALTER size SET NOT NULL', 'ALTER size DROP NOT NULL', 'size', 'DROP NOT NULL'],
      [
        'a column that must be given is added',
        'ADD tenant int NOT NULL DEFAULT 1; ALTER TABLE parts ALTER tenant DROP DEFAULT',
        'DROP tenant',
        'tenant',
        'DROP NOT NULL',
      ],
      [
        'its key is dropped',
        'DROP CONSTRAINT parts_pkey',
        'ADD CONSTRAINT parts_pkey PRIMARY KEY (id)',
        'id',
        'PRIMARY KEY ("id")',
      ],
      ['it is renamed', 'RENAME TO moved', 'RENAME TO parts', undefined, 'migration:generate'],
    ]),
  )(
    'stops the next load before it writes when %s, and needs no restart once it is fixed',
    async (_, change, fix, column, command) => {
      const loads = await app.count('storage_loads');
      await app.rows(`ALTER TABLE parts ${change}`);
      for (const load of [
        // A record without the column.
        () => app.loader.load(Part, [{ id: 'new' }]),
        () => app.loader.loadBatch(Part, [{ id: 'new' }]),
      ]) {
        const error = (await errorOf(load())) as SchemaMismatchError;
        expect(error).toBeInstanceOf(SchemaMismatchError);
        expect(error.differences.map((difference) => difference.column)).toEqual([column]);
        expect(error.remedy).toContain(command);
      }
      expect(await app.count('storage_loads')).toBe(loads);
      const name = change.startsWith('RENAME') ? 'moved' : 'parts';
      expect(await app.count(name)).toBe(1);

      await app.rows(`ALTER TABLE ${name} ${fix}`);
      expect(await app.loader.load(Part, [{ id: 'new', size: 3 }])).toMatchObject({ inserted: 1, ok: true });
    },
  );

  it('does not stop an append when its key is dropped, because it uses none', async () => {
    await app.rows('ALTER TABLE parts DROP CONSTRAINT parts_pkey');
    expect(await app.loader.load(Part, [part(1)], { disposition: 'append' })).toMatchObject({ inserted: 1 });
    for (const disposition of ['merge', 'replace'] as const) {
      expect(await errorOf(app.loader.load(Part, [part(2)], { disposition }))).toBeInstanceOf(SchemaMismatchError);
    }
    expect(await app.count('parts')).toBe(2);
  });

  it('stops a load by a unique key that was dropped, and no other', async () => {
    await app.rows('ALTER TABLE parts DROP CONSTRAINT parts_code_key');
    const error = await errorOf(app.loader.load(Part, [{ id: 'b', code: 'c1' }], { primaryKey: 'code' }));
    expect(error).toBeInstanceOf(SchemaMismatchError);
    expect((error as SchemaMismatchError).differences).toMatchObject([{ column: 'code', kind: 'unique key' }]);
    expect((error as SchemaMismatchError).remedy).toBe(
      'CREATE UNIQUE INDEX "parts_code_key" ON "public"."parts" ("code")',
    );
    expect(await app.loader.load(Part, [part(2)])).toMatchObject({ inserted: 1 });
    await app.rows((error as SchemaMismatchError).remedy);
    expect(await app.loader.load(Part, [{ ...part(2), size: 7 }], { primaryKey: 'code' })).toMatchObject({
      updated: 1,
    });
  });

  /** Yields records, and alters the table half-way. */
  async function* changing(change: string): AsyncGenerator<object> {
    yield* parts(20);
    await app.rows(change);
    yield* parts(20, 20);
  }

  it('so that it does not match stops a running load at once, with the result so far', async () => {
    const error = await errorOf(app.loader.loadBatch(Part, changing('ALTER TABLE parts DROP size'), { batchSize: 10 }));
    expect(error).toBeInstanceOf(SchemaMismatchError);
    const { differences, result, cause } = error as SchemaMismatchError;
    expect(differences).toMatchObject([{ column: 'size', kind: 'column' }]);
    const { received, inserted, unchanged, failed, loadId } = result as BatchLoadResult;
    expect(received).toBe(inserted + unchanged + failed);
    expect(await app.count('parts')).toBe(inserted + unchanged);
    expect(failed).toBeGreaterThan(0);
    expect(await app.rows('SELECT status, error_code FROM storage_loads WHERE id = $1', [loadId])).toEqual([
      { status: 'failed', error_code: 'SCHEMA_MISMATCH' },
    ]);
    expect(cause).toBeDefined();
  });

  it.each([
    [
      'a unique key is made anew',
      'ALTER TABLE parts DROP CONSTRAINT parts_code_key; ALTER TABLE parts ADD CONSTRAINT parts_code_key UNIQUE (code)',
    ],
    [
      'the table is made anew',
      'ALTER TABLE parts RENAME TO old; CREATE TABLE parts (LIKE old INCLUDING ALL); INSERT INTO parts SELECT * FROM old',
    ],
    ['a column is added', 'ALTER TABLE parts ADD note text'],
  ])('so that it still matches does not disturb a running load: %s', async (_, change) => {
    const result = await app.loader.loadBatch(Part, changing(change), { batchSize: 10, primaryKey: 'code' });
    expect(result).toMatchObject({ ok: true, received: 40, inserted: 39, unchanged: 1, failedBatches: 0 });
    expect(await app.count('parts')).toBe(40);
  });
});

@Entity('labels')
class Label {
  @PrimaryColumn('text')
  id: string;

  @Column('varchar', { length: 5, nullable: true })
  text: string | null;

  @Column('integer', { default: 1 })
  level: number;
}

describe('a column that is widened while a load reads', () => {
  let app: StorageApp;
  beforeEach(async () => {
    app = await startAppWith([Label], { loader: { parallelism: 1 } });
    await app.rows('CREATE FUNCTION first_level() RETURNS integer LANGUAGE sql RETURN 1');
    await app.rows('ALTER TABLE labels ALTER level SET DEFAULT first_level()');
  });
  afterEach(() => app.close());

  /** Every second record uses the default, so that the statements name the function. */
  const labels = (first: number, text: string): object[] =>
    Array.from({ length: 10 }, (_, index) => ({
      id: `l${first + index}`,
      text,
      ...(index % 2 === 0 ? {} : { level: 7 }),
    }));

  async function* widening(): AsyncGenerator<object> {
    yield* labels(0, 'short');
    // Without the function, the statement of the old plan fails, and the load makes a new plan.
    await app.rows(`ALTER TABLE labels ALTER text TYPE varchar(20), ALTER level SET DEFAULT 2`);
    await app.rows('DROP FUNCTION first_level()');
    yield* labels(10, 'short');
    yield* labels(20, 'longer than five');
  }

  it.each(['merge', 'append'] as const)(
    'accepts longer values as soon as a batch uses the new table: %s',
    async (disposition) => {
      const result = await app.loader.loadBatch(Label, widening(), { batchSize: 10, disposition });
      expect(result).toMatchObject({ ok: true, received: 30, inserted: 30, rejected: 0, failedBatches: 0 });
      expect(await app.rows('SELECT level, count(*)::integer AS n FROM labels GROUP BY 1 ORDER BY 1')).toEqual([
        { level: 1, n: 5 },
        { level: 2, n: 10 },
        { level: 7, n: 15 },
      ]);
      expect(await app.rows(`SELECT text FROM labels WHERE id = 'l20'`)).toEqual([{ text: 'longer than five' }]);
    },
  );
});

/** Statements sent to the server while `work` runs. */
async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const query = jest.spyOn(pg.Client.prototype, 'query');
  try {
    await work();
    return query.mock.calls.map((parameters) => textOf(parameters));
  } finally {
    query.mockRestore();
  }
}

describe('the check of a known table', () => {
  let app: StorageApp;
  beforeEach(async () => {
    app = await startAppWith([Part]);
  });
  afterEach(() => app.close());

  /** Each batch compares its table once more, under a lock. */
  const isOfBatch = (text: string): boolean => text.startsWith('LOCK TABLE ONLY "public"."parts"');
  const ofCatalog = (statements: readonly string[]): string[] =>
    statements.filter((text) => text.includes('pg_catalog') && !text.startsWith('LOCK TABLE'));

  it('takes one statement a load, for any number of tables, and one a batch', async () => {
    const hybrid = { submission_id: 'a', problem_description: 'p' };
    await app.loader.load(Part, [part(0)]);
    await app.hybrid.store([hybrid]);
    expect(ofCatalog(await statementsOf(() => app.loader.load(Part, [part(1)])))).toHaveLength(1);
    const statements = await statementsOf(() => app.loader.loadBatch(Part, parts(50), { batchSize: 5 }));
    expect(ofCatalog(statements)).toHaveLength(1);
    expect(statements.filter(isOfBatch)).toHaveLength(10);
    expect(ofCatalog(await statementsOf(() => app.hybrid.store([hybrid])))).toHaveLength(1);
    expect(await app.count('parts')).toBe(50);
  });

  it('is not repeated after VACUUM, ANALYZE and inserts, but after a new index', async () => {
    await app.loader.load(Part, parts(200));
    await app.rows('VACUUM (FREEZE, ANALYZE) parts');
    expect(ofCatalog(await statementsOf(() => app.loader.load(Part, [part(1)])))).toHaveLength(1);
    await app.rows('CREATE INDEX ON parts (size)');
    expect(ofCatalog(await statementsOf(() => app.loader.load(Part, [part(1)]))).length).toBeGreaterThan(1);
  });

  it("sees changes of the caller's own transaction, on its connection", async () => {
    await app.loader.load(Part, [part(0)]);
    let seen: unknown;
    const rolledBack = app.dataSource.transaction(async (manager) => {
      await manager.query('ALTER TABLE parts DROP size');
      seen = await errorOf(
        app.loader
          .for(Part)
          .withManager(manager)
          .load([part(1)]),
      );
      throw new Error('roll back');
    });
    await expect(rolledBack).rejects.toThrow('roll back');
    expect(seen).toBeInstanceOf(SchemaMismatchError);
    expect(await app.loader.load(Part, [part(1)])).toMatchObject({ inserted: 1 });
  });
});

describe('a schema error with a cause outside the table', () => {
  let app: StorageApp;
  beforeEach(async () => {
    app = await startAppWith([Part]);
  });
  afterEach(() => app.close());

  it('fails the load after one retry of the batch with a new plan', async () => {
    await app.rows(`
      CREATE SEQUENCE tries;
      CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM nextval('tries'); PERFORM 1 FROM not_there; RETURN NEW; END $$;
      CREATE TRIGGER stumble BEFORE INSERT ON parts FOR EACH ROW EXECUTE FUNCTION stumble()`);
    const error = await errorOf(app.loader.load(Part, [part(1)]));
    expect(error).toBeInstanceOf(LoadFailedError);
    expect(error).toMatchObject({ cause: { code: '42P01' }, result: { failed: 1 } });
    expect(await app.rows('SELECT last_value::integer AS n FROM tries')).toEqual([{ n: 2 }]);
  });

  it('is distinguished from the other meanings of 0A000', async () => {
    const client = new pg.Client({ connectionString: (app.dataSource.options as { url: string }).url });
    await client.connect();
    try {
      const prepared = { name: 'known', text: 'SELECT * FROM parts' };
      await client.query(prepared);
      await client.query('ALTER TABLE parts ADD note text');
      const stale = await errorOf(client.query(prepared));
      expect(stale).toMatchObject({ code: '0A000' });
      expect(classifyFault(stale)).toBe('schema');
      const other = await errorOf(client.query('SELECT count(DISTINCT id) OVER () FROM parts'));
      expect(other).toMatchObject({ code: '0A000' });
      expect(classifyFault(other)).toBe('uncertain');
    } finally {
      await client.end();
    }
  });
});
