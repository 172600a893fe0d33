import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { narrowColumns, SchemaService, widenColumns, type WidenedColumn } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { describeOn } from '../../../support/needs/needs.js';

const LONGEST_WITH_SUFFIX = 'b'.repeat(59);
const TOO_LONG = 'c'.repeat(60);

@Entity('valves')
class Valve {
  @PrimaryColumn('text')
  id: string;

  @Column('integer', { nullable: true, default: 7 })
  flow: number | null;

  @Column('varchar', { length: 5, nullable: true })
  name: string | null;

  @Column('integer', { name: LONGEST_WITH_SUFFIX, nullable: true })
  long: number | null;

  @Column('integer', { name: TOO_LONG, nullable: true })
  longer: number | null;
}

describe('an obstacle to a wider column', () => {
  let app: StorageApp;
  beforeEach(async () => {
    app = await startAppWith([Valve]);
    await app.rows(`INSERT INTO valves (id, flow, name) VALUES ('a', 1, 'abc')`);
    await app.rows(`CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`);
  });
  afterEach(() => app.close());

  const run = async (change: typeof widenColumns, ...columns: WidenedColumn[]) => {
    const queryRunner = app.dataSource.createQueryRunner();
    try {
      await change(queryRunner, { table: 'valves', columns });
    } finally {
      await queryRunner.release();
    }
  };
  const rejected = {
    id: 'b',
    flow: 3_000_000_000,
    name: 'longer than five',
    long: 3_000_000_000,
    longer: 3_000_000_000,
  };
  const loadTooLarge = async () => {
    for (const [key, value] of Object.entries(rejected).slice(1)) {
      await app.loader.load(Valve, [{ id: 'b', [key]: value }]);
    }
  };
  const proposed = async () => {
    await loadTooLarge();
    return proposals();
  };
  const proposals = async () => {
    const { columns } = await app.module.get(SchemaService).proposeWidening(Valve);
    return new Map(columns.map((column) => [column.column, column]));
  };
  const typeOf = async (column: string) =>
    (
      await app.rows(
        `SELECT format_type(atttypid, atttypmod) AS type, col_description(attrelid, attnum) AS comment
           FROM pg_attribute WHERE attrelid = 'valves'::regclass AND attname = $1`,
        [column],
      )
    )[0];
  const flow = (by: WidenedColumn['by']): WidenedColumn => ({ column: 'flow', from: 'integer', to: 'bigint', by });

  const expectNamed = async (statement: string, name: string): Promise<void> => {
    // A table with rules takes no loads.
    await loadTooLarge();
    await app.rows(statement);
    expect((await proposals()).get('flow')).toMatchObject({
      decision: 'keep',
      message: `${name} depends on it: drop it, change the type to bigint, and create it again`,
    });
    const inUse = { code: 'COLUMN_IN_USE', message: expect.stringContaining(name) };
    await expect(run(widenColumns, flow('rewrite'))).rejects.toMatchObject(inUse);
    await expect(run(widenColumns, flow('new column'))).rejects.toMatchObject(inUse);
    expect(await typeOf('flow new')).toBeUndefined();
  };

  it.each([
    [
      'ALTER TABLE valves ADD twice bigint GENERATED ALWAYS AS (flow::bigint * 2) STORED',
      'column twice of table valves',
    ],
    ['CREATE POLICY flowing ON valves USING (flow > 0)', 'policy flowing on table valves'],
    [
      'CREATE TRIGGER note BEFORE UPDATE OF flow ON valves FOR EACH ROW EXECUTE FUNCTION noted()',
      'trigger note on table valves',
    ],
    ['CREATE VIEW flows AS SELECT flow FROM valves', 'view flows'],
    ['CREATE RULE odd AS ON UPDATE TO valves WHERE NEW.flow = 13 DO INSTEAD NOTHING', 'rule odd on table valves'],
  ])('%s: is named', (statement, name) => expectNamed(statement, name));

  const told = 'CREATE PUBLICATION told FOR TABLE valves (id, flow)';
  describeOn({ since: 15, because: 'columns of a publication' })(told, () => {
    it('is named', () => expectNamed(told, 'publication of table valves in publication told'));
  });

  it('is named for a change in place, and in down', async () => {
    const name = { column: 'name', from: 'character varying(5)', to: 'text', by: 'in place' } as const;
    await run(widenColumns, name);
    await app.rows(`CREATE POLICY named ON valves USING (name <> '')`);
    const inUse = { code: 'COLUMN_IN_USE', message: expect.stringContaining('policy named on table valves') };
    await expect(run(narrowColumns, name)).rejects.toMatchObject(inUse);
    await app.rows('ALTER POLICY named ON valves USING (true)');
    await run(narrowColumns, name);
    await app.rows(`ALTER POLICY named ON valves USING (name <> '')`);
    expect((await proposed()).get('name')).toMatchObject({ decision: 'keep' });
  });

  it('is neither its own default nor a trigger of the whole table', async () => {
    await app.rows('CREATE TRIGGER note BEFORE UPDATE ON valves FOR EACH ROW EXECUTE FUNCTION noted()');
    expect((await proposed()).get('flow')).toMatchObject({ decision: 'widen', by: 'new column' });
    await run(widenColumns, flow('new column'));
    expect(await typeOf('flow')).toMatchObject({ type: 'bigint' });
  });

  it('is a name too long for a second column: the table is rewritten', async () => {
    const tooLong = { column: TOO_LONG, from: 'integer', to: 'bigint', by: 'new column' } as const;
    await expect(run(widenColumns, tooLong)).rejects.toMatchObject({
      message: expect.stringContaining('1 to 63 bytes'),
    });
    const columns = await proposed();
    expect(columns.get(LONGEST_WITH_SUFFIX)).toMatchObject({ to: 'bigint', by: 'new column' });
    expect(columns.get(TOO_LONG)).toMatchObject({ to: 'bigint', by: 'rewrite' });
    for (const [column, by] of [
      [LONGEST_WITH_SUFFIX, 'new column'],
      [TOO_LONG, 'rewrite'],
    ] as const) {
      await run(widenColumns, { column, from: 'integer', to: 'bigint', by });
      expect(await typeOf(column)).toMatchObject({ type: 'bigint' });
    }
  });

  it.each(['integer', 'bigint'])(
    'is a column with the name of the new one, of type %s: its values are kept',
    async (type) => {
      await app.rows(`ALTER TABLE valves ADD "flow new" ${type}`);
      await app.rows('UPDATE valves SET "flow new" = 99');
      await expect(run(widenColumns, flow('new column'))).rejects.toMatchObject({
        code: 'COLUMN_EXISTS',
        message: expect.stringContaining(`column flow new of type ${type}`),
      });
      expect(await app.rows('SELECT flow, "flow new"::integer AS other FROM valves')).toEqual([{ flow: 1, other: 99 }]);
      await app.rows('ALTER TABLE valves RENAME "flow new" TO other');
      await run(widenColumns, flow('new column'));
      expect(await app.rows('SELECT flow, other::integer FROM valves')).toEqual([{ flow: '1', other: 99 }]);
    },
  );

  it('is no column left by an interrupted widening, unless to another type', async () => {
    await app.rows(`CREATE FUNCTION cut_off() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'cut off'; END$$`);
    await app.rows('CREATE TRIGGER cut BEFORE UPDATE ON valves FOR EACH ROW EXECUTE FUNCTION cut_off()');
    await expect(run(widenColumns, flow('new column'))).rejects.toMatchObject({ code: 'P0001' });
    expect(await typeOf('flow new')).toMatchObject({ type: 'bigint' });
    await app.rows('DROP TRIGGER cut ON valves');
    await expect(run(widenColumns, { ...flow('new column'), to: 'numeric' })).rejects.toMatchObject({
      code: 'COLUMN_EXISTS',
    });
    await run(widenColumns, flow('new column'));
    expect(await typeOf('flow')).toEqual({ type: 'bigint', comment: null });
    expect(await app.rows('SELECT flow FROM valves')).toEqual([{ flow: '1' }]);
  });

  it('is no comment: the new column gets the old one', async () => {
    await app.rows(`COMMENT ON COLUMN valves.flow IS E'it\\'s \\\\ a flow'`);
    await run(widenColumns, flow('new column'));
    expect(await typeOf('flow')).toEqual({ type: 'bigint', comment: `it's \\ a flow` });
  });
});
