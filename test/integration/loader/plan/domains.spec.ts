import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { type Disposition, LoaderService, SchemaService } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

@Entity('prices')
class Price {
  @PrimaryColumn('text')
  code: string;

  @Column('numeric', { precision: 6, scale: 2, nullable: true })
  amount: string | null;

  @Column('numeric', { precision: 6, scale: 2, array: true, nullable: true })
  steps: string[] | null;

  @Column('text', { array: true, nullable: true })
  tags: string[] | null;

  @Column('integer', { default: 7 })
  rank: number;
}

/** Domains of all kinds: with a modifier, over a domain, over an array, as element of an array, NOT NULL with a default. */
const DOMAINS = [
  'CREATE DOMAIN money_amount AS numeric(6, 2) CHECK (VALUE > 0)',
  'CREATE DOMAIN small_amount AS money_amount CHECK (VALUE < 100)',
  'CREATE DOMAIN tag_list AS text[] CHECK (cardinality(VALUE) < 3)',
  'CREATE DOMAIN rank_no AS integer DEFAULT 7 NOT NULL',
  'CREATE DOMAIN code_text AS text',
  `ALTER TABLE prices ALTER code TYPE code_text, ALTER amount TYPE small_amount, ALTER steps TYPE money_amount[],
     ALTER tags TYPE tag_list, ALTER rank DROP DEFAULT, ALTER rank DROP NOT NULL, ALTER rank TYPE rank_no`,
];

const many = Array.from({ length: 300 }, (_, index) => ({ code: `p${index}`, amount: '1.50' }));

describe('a column of a domain', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Price]);
    for (const statement of DOMAINS) await app.rows(statement);
  });
  afterAll(() => app.close());
  beforeEach(() => app.rows('TRUNCATE prices'));

  it('is no difference to the entity', async () => {
    expect(await app.module.get(SchemaService).check(Price)).toMatchObject({ ok: true, differences: [] });
  });

  it.each<[Disposition, number]>([
    ['merge', 0],
    ['merge', 300],
    ['append', 0],
    ['append', 300],
    ['replace', 0],
  ])(
    '%s, with %d other records: takes exact values, and its checks cost only the record',
    async (disposition, count) => {
      const loader = app.module.get(LoaderService).for(Price);
      const records = [
        { code: 'exact', amount: '12.50', steps: ['1.25', '3'], tags: ['a', 'b'], rank: 1 },
        { code: 'inexact', amount: '1.234' },
        { code: 'inexact element', steps: ['1', '1.234'] },
        { code: 'of the outer check', amount: '100' },
        { code: 'of the inner check', amount: '-1' },
        { code: 'of an element', steps: ['1', '-1'] },
        { code: 'of the list', tags: ['a', 'b', 'c'] },
        { code: 'null', rank: null },
        { code: 'absent' },
        ...many.slice(0, count),
      ];
      const result = await loader.load(records as never, { disposition, maxRejects: 100 });
      expect(result).toMatchObject({ received: 9 + count, inserted: 2 + count, rejected: 7, failed: 0 });
      expect(result.rejects.map(({ position, reason }) => [position, reason])).toEqual([
        [1, 'inexact_decimal'],
        [2, 'inexact_decimal'],
        [3, '23514'],
        [4, '23514'],
        [5, '23514'],
        [6, '23514'],
        [7, 'null_not_allowed'],
      ]);
      expect(
        await app.rows(
          `SELECT code, amount, steps::text, tags::text, rank FROM prices WHERE code !~ '^p' ORDER BY code DESC`,
        ),
      ).toEqual([
        { code: 'exact', amount: '12.50', steps: '{1.25,3.00}', tags: '{a,b}', rank: 1 },
        { code: 'absent', amount: null, steps: null, tags: null, rank: 7 },
      ]);
      const again = records.filter(({ code }) => /^(exact|absent|p)/.test(code));
      expect(await loader.load(again as never, { disposition, maxRejects: 1000 })).toMatchObject(
        disposition === 'append' ? { rejected: 2 + count } : { unchanged: 2 + count, updated: 0 },
      );
    },
  );

  it('of another type is a difference whose fix keeps the domain', async () => {
    await app.rows('ALTER TABLE prices ALTER amount TYPE text');
    await app.rows('CREATE DOMAIN note AS text NOT NULL');
    await app.rows('ALTER TABLE prices ALTER amount TYPE note');
    const { differences } = await app.module.get(SchemaService).check(Price);
    expect(differences).toMatchObject([
      { column: 'amount', kind: 'type', actual: 'note, a domain over text', fix: expect.not.stringContaining('TYPE') },
    ]);
    await app.rows('ALTER TABLE prices ALTER amount TYPE small_amount USING amount::numeric');
  });

  it('is not proposed to be widened', async () => {
    await app.module
      .get(LoaderService)
      .for(Price)
      .load([{ code: 'a', amount: '1.234' }] as never);
    const { columns } = await app.module.get(SchemaService).proposeWidening(Price);
    expect(columns.find(({ column }) => column === 'amount')).toMatchObject({
      decision: 'keep',
      message: expect.stringContaining('small_amount'),
    });
  });
});
