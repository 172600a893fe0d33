import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { narrowColumns, SchemaService, widenColumns, type WidenedColumn } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

const METHODS = ['new column', 'rewrite'] as const;
const DOUBLES = ['9007199254740991', '0.30000000000000004', '1e+300', '5e-324', 'Infinity', '-Infinity', 'NaN'];
const REALS = ['16777216', '0.1', '1.1754944e-38', '3.4028235e+38'];

@Entity('scales')
class Scale {
  @PrimaryColumn('integer')
  id: number;

  @Column('double precision', { nullable: true })
  double: number | null;

  @Column('real', { nullable: true })
  single: number | null;
}

describe('widening a floating-point column to numeric', () => {
  let app: StorageApp;
  beforeEach(async () => {
    app = await startAppWith([Scale]);
  });
  afterEach(() => app.close());

  const run = async (change: typeof widenColumns, ...columns: WidenedColumn[]) => {
    const queryRunner = app.dataSource.createQueryRunner();
    try {
      await change(queryRunner, { table: 'scales', columns });
    } finally {
      await queryRunner.release();
    }
  };
  const store = (column: string, values: readonly string[]) =>
    app.rows(
      `INSERT INTO scales (id, ${column}) SELECT n, v::${column === 'single' ? 'real' : 'double precision'}
                FROM unnest($1::text[]) WITH ORDINALITY AS u(v, n)`,
      [values],
    );
  const stored = async (column: string) =>
    (await app.rows<{ v: string }>(`SELECT ${column}::text AS v FROM scales ORDER BY id`)).map(({ v }) => v);
  const equalTo = async (column: string, values: readonly string[]) =>
    (
      await app.rows<{ same: boolean }>(
        `SELECT ${column} IS NOT DISTINCT FROM v::numeric AS same
           FROM scales JOIN unnest($1::text[]) WITH ORDINALITY AS u(v, n) ON n = id ORDER BY id`,
        [values],
      )
    ).map(({ same }) => same);

  describe.each(METHODS)('by %s', (by) => {
    it.each([
      ['double', 'double precision', DOUBLES, '0.3', '1.00000000000000000001'],
      ['single', 'real', REALS, '0.5', '0.30000000000000004'],
    ])('changes no value of %s, up and down', async (column, from, values, fits, tooLong) => {
      await store(column, values);
      const before = await stored(column);
      const change = { column, from, to: 'numeric', by };
      await run(widenColumns, change);
      expect(await equalTo(column, values)).toEqual(values.map(() => true));
      await run(narrowColumns, change);
      expect(await stored(column)).toEqual(before);

      await run(widenColumns, change);
      await app.rows(`UPDATE scales SET ${column} = ${fits} WHERE id = 1`);
      await run(narrowColumns, change);
      await run(widenColumns, change);
      await app.rows(`UPDATE scales SET ${column} = ${tooLong} WHERE id = 1`);
      await expect(run(narrowColumns, change)).rejects.toMatchObject({ code: 'ROWS_DO_NOT_FIT' });
      expect((await stored(column))[0]).toBe(tooLong);
    });
  });

  it('is proposed if an integer would be rounded, and accepts it', async () => {
    await store('double', DOUBLES);
    await app.loader.load(Scale, [{ id: 100, double: 2n ** 53n + 1n }]);
    const { widened } = await app.module.get(SchemaService).proposeWidening(Scale);
    expect(widened).toMatchObject([{ column: 'double', from: 'double precision', to: 'numeric', by: 'new column' }]);
    await run(widenColumns, ...widened.map(({ column, from, to, by }) => ({ column, from, to, by })));
    expect(await equalTo('double', DOUBLES)).toEqual(DOUBLES.map(() => true));
  });
});
