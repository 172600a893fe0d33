import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { type SchemaDifference, SchemaMismatchError } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { someOf } from '../../../support/sizes/sizes.js';

@Entity('widgets')
class Widget {
  @PrimaryColumn('text')
  id: string;

  @Column('varchar', { length: 20, nullable: true })
  name: string | null;

  @Column('integer', { nullable: true })
  size: number | null;
}

describe('a live table that does not match its entity', () => {
  let app: StorageApp;
  beforeEach(async () => {
    app = await startAppWith([Widget]);
  });
  afterEach(() => app.close());

  const submission = { submission_id: 'a', title: 't', num_comments: 3 };
  const mismatch = async (load: Promise<unknown>): Promise<SchemaMismatchError> => {
    const error: unknown = await load.catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(SchemaMismatchError);
    return error as SchemaMismatchError;
  };

  const CASES: readonly [string, string, string, object][] = [
    [
      'the table is missing',
      'ALTER TABLE submissions RENAME TO moved',
      'ALTER TABLE moved RENAME TO submissions',
      {
        table: 'submissions',
        kind: 'table',
        actual: expect.stringMatching(/^none/),
        fix: expect.stringContaining('restore it'),
      },
    ],
    [
      'a column is missing',
      'ALTER TABLE submissions RENAME num_comments TO comments',
      'ALTER TABLE submissions RENAME comments TO num_comments',
      {
        column: 'num_comments',
        kind: 'column',
        expected: 'bigint',
        actual: 'no such column',
        fix: 'ALTER TABLE "public"."submissions" ADD COLUMN "num_comments" bigint',
      },
    ],
    [
      'a column has another type',
      'ALTER TABLE submissions ALTER num_comments TYPE integer',
      'ALTER TABLE submissions ALTER num_comments TYPE bigint',
      {
        column: 'num_comments',
        kind: 'type',
        expected: 'bigint',
        actual: 'integer',
        fix: 'ALTER TABLE "public"."submissions" ALTER COLUMN "num_comments" TYPE bigint USING "num_comments"::bigint',
      },
    ],
    [
      'a column takes null no more',
      'ALTER TABLE submissions ALTER title SET NOT NULL',
      'ALTER TABLE submissions ALTER title DROP NOT NULL',
      {
        column: 'title',
        kind: 'nullability',
        expected: 'nullable text',
        actual: 'text NOT NULL',
        fix: 'ALTER TABLE "public"."submissions" ALTER COLUMN "title" DROP NOT NULL',
      },
    ],
    [
      'a NOT NULL column was added that the entity does not know',
      'ALTER TABLE submissions ADD tenant uuid NOT NULL',
      'ALTER TABLE submissions DROP tenant',
      {
        column: 'tenant',
        kind: 'extra column',
        actual: expect.stringContaining('uuid NOT NULL'),
        fix: 'ALTER TABLE "public"."submissions" ALTER COLUMN "tenant" DROP NOT NULL',
      },
    ],
    [
      'the primary key is gone',
      'ALTER TABLE submissions DROP CONSTRAINT submissions_pkey',
      'ALTER TABLE submissions ADD CONSTRAINT submissions_pkey PRIMARY KEY (submission_id)',
      {
        column: 'submission_id',
        kind: 'primary key',
        actual: 'no primary key',
        fix: 'ALTER TABLE "public"."submissions" ADD CONSTRAINT "submissions_pkey" PRIMARY KEY ("submission_id")',
      },
    ],
    [
      'the database makes a value no more',
      'ALTER TABLE submissions ALTER created_at DROP DEFAULT',
      'ALTER TABLE submissions ALTER created_at SET DEFAULT now()',
      {
        column: 'created_at',
        kind: 'default',
        actual: 'no default',
        fix: 'ALTER TABLE "public"."submissions" ALTER COLUMN "created_at" SET DEFAULT now()',
      },
    ],
  ];

  it.each(someOf(3, CASES))(
    'is rejected before anything is written when %s, and loads once it is fixed',
    async (_, breakIt, repair, difference) => {
      await app.rows(breakIt);
      const error = await mismatch(app.profiles.store([submission]));

      expect(error.differences).toEqual([expect.objectContaining(difference)]);
      expect(error.code).toBe('SCHEMA_MISMATCH');
      const { table, column, expected, actual, fix } = error.differences[0] as SchemaDifference;
      expect(table).toBe('submissions');
      expect(error.message).toContain(column === undefined ? `table ${table}` : `column ${table}.${column}`);
      expect(error.message).toContain(`expected ${expected}, found ${actual}`);
      expect(error.remedy).toBe(fix);
      expect(error.message).toContain(error.remedy);
      expect(await app.count('storage_loads')).toBe(0);

      await mismatch(app.hybrid.store([{ ...submission, problem_description: 'p' }]));
      expect(await app.count('app_opportunities')).toBe(0);

      await app.rows(repair);
      expect(await app.profiles.store([submission])).toMatchObject({ inserted: 1, ok: true });
    },
  );

  it('has all differences named', async () => {
    await app.rows('ALTER TABLE submissions DROP title, DROP author, ALTER reddit_score TYPE numeric');
    const { differences } = await mismatch(app.profiles.store([submission]));
    expect(differences.map(({ column }) => column)).toEqual(['title', 'author', 'reddit_score']);
  });

  it('of an application entity is fixed by its own migration', async () => {
    await app.rows('ALTER TABLE widgets DROP size');
    const dropped = await mismatch(app.loader.load(Widget, [{ id: 'a' }]));
    expect(dropped.remedy).toBe('ALTER TABLE "public"."widgets" ADD COLUMN "size" integer');
    await app.rows('DROP TABLE widgets');
    const gone = await mismatch(app.loader.load(Widget, [{ id: 'a' }]));
    expect(gone.remedy).toContain('typeorm migration:generate');
  });

  it.each(
    someOf(1, [
      ['a shorter varchar than the entity says', 'ALTER TABLE widgets ALTER name TYPE varchar(5)'],
      [
        'a column with a default the entity does not know',
        'ALTER TABLE widgets ADD tenant text NOT NULL DEFAULT $$x$$',
      ],
      ['a column the entity does not know', 'ALTER TABLE widgets ADD note text'],
      ['an index and a comment more', `CREATE INDEX ON widgets (size); COMMENT ON TABLE widgets IS 'x'`],
    ]),
  )('is accepted when it only has %s', async (_, change) => {
    await app.rows(change);
    expect(await app.loader.load(Widget, [{ id: 'a', name: 'n' }])).toMatchObject({ inserted: 1 });
  });

  it('is read again after clearPlans', async () => {
    await app.loader.load(Widget, [{ id: 'a', name: 'x'.repeat(20) }]);
    await app.rows('TRUNCATE widgets; ALTER TABLE widgets ALTER name TYPE varchar(5)');
    app.loader.clearPlans();
    const result = await app.loader.load(Widget, [{ id: 'a', name: 'x'.repeat(20) }]);
    expect(result.rejects).toMatchObject([{ reason: 'too_long', column: 'name' }]);
  });

  it('narrowed between two loads rejects only records that no longer fit', async () => {
    await app.loader.load(Widget, [{ id: 'a', size: 1 }]);
    await app.rows('ALTER TABLE widgets ADD CHECK (size < 10), ALTER name TYPE varchar(5)');
    const records = [
      { id: 'b', size: 2 },
      { id: 'c', size: 20 },
      { id: 'd', name: 'longer' },
    ];
    const result = await app.loader.load(Widget, records);
    expect(result).toMatchObject({ inserted: 1, rejected: 2 });
    expect(result.rejects.map(({ reason }) => reason)).toEqual(['23514', 'too_long']);
  });
});
