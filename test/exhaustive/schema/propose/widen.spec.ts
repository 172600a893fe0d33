import { Readable } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

import { readRecords, type ReadRecordsOptions } from '../../../../src/files/read-records.js';
import {
  narrowColumns,
  SchemaService,
  type TableWidening,
  widenColumns,
  type WidenedColumn,
  type WideningProposal,
} from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { someOf } from '../../../support/sizes/sizes.js';

@Entity('gauges')
class Gauge {
  @PrimaryColumn('text')
  id: string;

  @Column('integer', { nullable: true })
  small: number | null;

  @Column('bigint', { nullable: true, default: 7 })
  big: string | null;

  @Index('gauges_indexed_idx')
  @Column('bigint', { nullable: true })
  indexed: string | null;

  @Column('varchar', { length: 5, nullable: true })
  name: string | null;

  @Column('numeric', { precision: 6, scale: 2, nullable: true })
  amount: string | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  at: Date | null;

  @Column('text')
  need: string;

  @Column('boolean', { nullable: true })
  flag: boolean | null;

  @Column('text', { nullable: true })
  note: string | null;
}

describe('columns that reject records', () => {
  let app: StorageApp;
  let proposal: WideningProposal;
  beforeEach(async () => {
    app = await startAppWith([Gauge]);
    await app.rows('ALTER TABLE gauges ALTER big SET NOT NULL');
  });
  afterEach(() => app.close());

  const good = (id: string) => ({ id, need: 'n', big: 1, small: 2, name: 'abc', amount: '1.50', flag: true });
  const load = (...records: object[]) => app.loader.load(Gauge, records);
  const proposed = async () => {
    proposal = await app.module.get(SchemaService).proposeWidening(Gauge);
    return new Map(proposal.columns.map((column) => [column.column, column]));
  };
  const wideningOf = (): TableWidening => ({
    table: 'gauges',
    columns: proposal.widened.map(({ column, from, to, by, dropNotNull }): WidenedColumn => ({
      column,
      from,
      to,
      by,
      dropNotNull,
    })),
  });
  const run = async (change: typeof widenColumns, widening = wideningOf()) => {
    const queryRunner = app.dataSource.createQueryRunner();
    try {
      await change(queryRunner, widening);
    } finally {
      await queryRunner.release();
    }
  };
  const shape = () =>
    app.rows(`SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS required,
                     substring(pg_get_expr(adbin, adrelid) FROM '[0-9]+') AS default
                FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
               WHERE attrelid = 'gauges'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY 1`);
  /** A new column is the last of its table; in jsonb the order is always the same. */
  const hashOfRows = async () =>
    (await app.rows(`SELECT md5(string_agg(to_jsonb(t)::text, '' ORDER BY id)) AS hash FROM gauges t`))[0]?.['hash'];
  const fileNode = async () => (await app.rows(`SELECT pg_relation_filenode('gauges') AS node`))[0]?.['node'];

  it.each(
    someOf<[string, object, string, object]>(4, [
      ['small', { small: 3_000_000_000 }, 'out_of_range', { to: 'bigint', by: 'new column' }],
      ['small', { small: 3_000_000_000n }, 'out_of_range', { to: 'bigint', by: 'new column' }],
      ['small', { small: 2n ** 70n }, 'out_of_range', { to: 'numeric', by: 'new column' }],
      ['big', { big: 2n ** 63n }, 'out_of_range', { to: 'numeric', by: 'new column' }],
      ['big', { big: 1.5 }, 'not_an_integer', { to: 'numeric', by: 'new column' }],
      ['indexed', { indexed: 2n ** 63n }, 'out_of_range', { to: 'numeric', by: 'rewrite' }],
      ['name', { name: 'longer than five' }, 'too_long', { to: 'text', by: 'in place' }],
      ['amount', { amount: '123456.00' }, 'out_of_range', { to: 'numeric', by: 'in place' }],
      ['amount', { amount: '1.234' }, 'inexact_decimal', { to: 'numeric', by: 'in place' }],
      [
        'at',
        { at: '2024-05-01T10:00:00.123456Z' },
        'inexact_date_time',
        { to: 'timestamp with time zone', by: 'in place' },
      ],
      ['small', { small: 'twelve' }, 'wrong_type', { to: 'text', by: 'new column' }],
      ['flag', { flag: 'yes' }, 'wrong_type', { to: 'text', by: 'new column' }],
    ]),
  )('%s: by %j [%s] is widened to %j, and then accepts it', async (column, part, reason, change) => {
    await load(good('a'), { ...good('b'), ...part });
    const found = (await proposed()).get(column);
    expect(found).toMatchObject({ decision: 'widen', reasons: { [reason]: 1 }, records: 1, loads: 1, ...change });
    expect(found).toMatchObject({ first: expect.any(Date), last: expect.any(Date) });
    expect(JSON.stringify(proposal)).not.toContain('longer');

    const [shapeBefore, hash, node] = [await shape(), await hashOfRows(), await fileNode()];
    await run(widenColumns);
    await run(widenColumns);
    expect((await fileNode()) === node).toBe((change as { by: string }).by !== 'rewrite');
    const type = (change as { to: string }).to;
    expect(await shape()).toEqual(shapeBefore.map((live) => (live['name'] === column ? { ...live, type } : live)));
    await run(narrowColumns);
    expect(await shape()).toEqual(shapeBefore);
    expect(await hashOfRows()).toBe(hash);

    await run(widenColumns);
    await app.rows(`INSERT INTO gauges (id, need, ${column}) VALUES ('b', 'n', $1)`, [
      Object.values(part)[0]?.toString(),
    ]);
    const widened = await shape();
    await expect(run(narrowColumns)).rejects.toMatchObject({ code: 'ROWS_DO_NOT_FIT' });
    expect(await shape()).toEqual(widened);
    expect(await app.count('gauges')).toBe(2);
  });

  it.each(
    someOf<[string, string, ReadRecordsOptions]>(1, [
      ['bigint', 'id,need,small\nb,n,3000000000\n', { format: 'csv' }],
      ['text', 'id,need,small\nb,n,twelve\n', { format: 'csv' }],
      [
        'bigint',
        '{"id":"b","need":"n","litres":3000000000}\n',
        { format: 'jsonl', rename: new Map([['litres', 'small']]) },
      ],
    ]),
  )('are widened to %s by values in a file: %j', async (to, file, options) => {
    await app.loader.loadBatch(Gauge, readRecords(Readable.from([Buffer.from(file)]), options));
    expect((await proposed()).get('small')).toMatchObject({ decision: 'widen', records: 1, to });
  });

  it('become nullable if records lack them, and leave other columns unchanged', async () => {
    await load(good('a'), { ...good('b'), need: null });
    expect((await proposed()).get('need')).toMatchObject({
      decision: 'widen',
      dropNotNull: true,
      options: 'nullable: true',
    });
    expect(proposal.migration({ timestamp: 5 })?.source).toContain(`{ column: 'need', dropNotNull: true },`);
    const before = await shape();
    await run(widenColumns);
    await app.rows(`INSERT INTO gauges (id) VALUES ('b')`);
    await expect(run(narrowColumns)).rejects.toMatchObject({ code: 'ROWS_DO_NOT_FIT' });
    await app.rows(`DELETE FROM gauges WHERE id = 'b'`);
    await run(narrowColumns);
    expect(await shape()).toEqual(before);
    expect(await app.count(`pg_constraint WHERE conrelid = 'gauges'::regclass AND contype = 'c'`)).toBe(0);
  });

  it('are left if no wider type would help, with the reason', async () => {
    await load({ ...good('b'), note: { no: 'text' } }, { ...good('c'), small: 'x' }, { ...good('d'), small: {} });
    const found = await proposed();
    expect(found.get('note')).toMatchObject({ decision: 'keep', message: expect.stringContaining('no wider type') });
    expect(found.get('small')).toMatchObject({ decision: 'keep', records: 2 });
    expect(proposal.migration()).toBeUndefined();
  });

  it('are left if a view depends on them', async () => {
    await app.rows('CREATE VIEW seen AS SELECT name FROM gauges');
    await load({ ...good('b'), name: 'longer than five' });
    expect((await proposed()).get('name')).toMatchObject({
      decision: 'keep',
      message: expect.stringContaining('view'),
    });
  });

  it('are not guessed if Postgres named none', async () => {
    await app.rows(`
      CREATE FUNCTION raise() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE 'no' USING ERRCODE = '22008'; END $$;
      CREATE TRIGGER raise BEFORE INSERT ON gauges FOR EACH ROW WHEN (NEW.name = 'no') EXECUTE FUNCTION raise()`);
    await load({ ...good('b'), name: 'no' });
    await app.rows('DROP TRIGGER raise ON gauges; DROP FUNCTION raise');
    await proposed();
    expect(proposal).toMatchObject({ columns: [], withoutColumn: { '22008': 1 } });
  });

  it('are not counted once their records were replayed', async () => {
    await load({ ...good('b'), name: 'longer than five' });
    await app.rows('UPDATE storage_rejected_records SET replayed_at = now()');
    expect((await proposed()).size).toBe(0);
  });

  it('are replaced while records are loaded, and no value is lost', async () => {
    await load(...Array.from({ length: 5_000 }, (_, n) => ({ ...good(`g${n}`), big: n })));
    await load({ ...good('x'), big: 2n ** 63n });
    await proposed();
    const [result] = await Promise.all([
      app.loader.loadBatch(
        Gauge,
        Array.from({ length: 15_000 }, (_, n) => ({ ...good(`g${n}`), big: n + 1 })),
        { batchSize: 500 },
      ),
      run(widenColumns),
    ]);
    expect(result).toMatchObject({ ok: true, received: 15_000, inserted: 10_000, updated: 5_000, failed: 0 });
    expect(await app.count(`gauges WHERE big <> substr(id, 2)::integer + 1`)).toBe(0);
    expect((await shape()).find(({ name }) => name === 'big')).toMatchObject({ type: 'numeric', required: true });
  });
});
