import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { SchemaMismatchError } from '../../../src/index.js';
import { startAppWith } from '../../support/own-entities.js';
import type { StorageApp } from '../../support/storage-app.js';

@Entity('widgets')
class Widget {
  @PrimaryColumn('text')
  id: string;

  @Column('varchar', { length: 20, nullable: true })
  name: string | null;

  @Column('integer', { nullable: true })
  size: number | null;
}

describe('a live table that does not fit', () => {
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
      { table: 'submissions', expected: 'a table', found: expect.stringMatching(/^none/) },
    ],
    [
      'a column is missing',
      'ALTER TABLE submissions RENAME num_comments TO comments',
      'ALTER TABLE submissions RENAME comments TO num_comments',
      { table: 'submissions', column: 'num_comments', expected: 'bigint', found: 'no such column' },
    ],
    [
      'a column has another type',
      'ALTER TABLE submissions ALTER num_comments TYPE integer',
      'ALTER TABLE submissions ALTER num_comments TYPE bigint',
      { table: 'submissions', column: 'num_comments', expected: 'bigint', found: 'integer' },
    ],
    [
      'a column takes null no more',
      'ALTER TABLE submissions ALTER title SET NOT NULL',
      'ALTER TABLE submissions ALTER title DROP NOT NULL',
      { table: 'submissions', column: 'title', expected: 'text that takes null', found: 'text NOT NULL' },
    ],
    [
      'a NOT NULL column was added that the entity does not know',
      'ALTER TABLE submissions ADD tenant uuid NOT NULL',
      'ALTER TABLE submissions DROP tenant',
      { table: 'submissions', column: 'tenant', found: expect.stringContaining('uuid NOT NULL') },
    ],
  ];

  it.each(CASES)(
    'is refused before anything is written when %s, and loads once it is mended',
    async (_, breakIt, mendIt, difference) => {
      await app.rows(breakIt);
      const error = await mismatch(app.profiles.store([submission]));

      expect(error.differences).toEqual([expect.objectContaining(difference)]);
      expect(error.code).toBe('SCHEMA_MISMATCH');
      expect(error.remedy).toContain('npx harbor-storage migrate up');
      const { table, column, expected, found } = error.differences[0] ?? { table: '', expected: '', found: '' };
      expect(error.message).toContain(column === undefined ? `table ${table}` : `column ${table}.${column}`);
      expect(error.message).toContain(`expected ${expected}, found ${found}`);
      expect(error.message).toContain(error.remedy);
      expect(await app.count('storage_loads')).toBe(0);

      await mismatch(app.hybrid.store([{ ...submission, problem_description: 'p' }]));
      expect(await app.count('app_opportunities')).toBe(0);

      await app.rows(mendIt);
      expect(await app.profiles.store([submission])).toMatchObject({ inserted: 1, ok: true });
    },
  );

  it('names every difference at once', async () => {
    await app.rows('ALTER TABLE submissions DROP title, DROP author, ALTER reddit_score TYPE numeric');
    const { differences } = await mismatch(app.profiles.store([submission]));
    expect(differences.map(({ column }) => column)).toEqual(['title', 'author', 'reddit_score']);
  });

  it("names the application's own way to mend its own entity", async () => {
    await app.rows('ALTER TABLE widgets DROP size');
    const error = await mismatch(app.loader.load(Widget, [{ id: 'a' }]));
    expect(error.remedy).toContain('typeorm migration:generate');
  });

  it.each([
    ['a shorter varchar than the entity says', 'ALTER TABLE widgets ALTER name TYPE varchar(5)'],
    ['a column with a default the entity does not know', 'ALTER TABLE widgets ADD tenant text NOT NULL DEFAULT $$x$$'],
    ['a column the entity does not know', 'ALTER TABLE widgets ADD note text'],
    ['an index and a comment more', `CREATE INDEX ON widgets (size); COMMENT ON TABLE widgets IS 'x'`],
  ])('is taken when it only has %s', async (_, change) => {
    await app.rows(change);
    expect(await app.loader.load(Widget, [{ id: 'a', name: 'n' }])).toMatchObject({ inserted: 1 });
  });

  it('that changes between two loads fails one load at most, and never for good', async () => {
    await app.profiles.store([submission]);
    await app.rows('ALTER TABLE submissions RENAME title TO heading');
    const failed: unknown = await app.profiles.store([{ ...submission, title: 'u' }]).catch((error: unknown) => error);
    expect(failed).toMatchObject({ name: 'LoadFailedError', cause: { code: '42703' } });
    const named = await mismatch(app.profiles.store([{ ...submission, title: 'u' }]));
    expect(named.differences).toMatchObject([{ column: 'title' }]);

    await app.rows('ALTER TABLE submissions RENAME heading TO title');
    expect(await app.profiles.store([{ ...submission, title: 'u' }])).toMatchObject({ updated: 1 });
  });

  it('is looked at anew after clearPlans', async () => {
    await app.loader.load(Widget, [{ id: 'a', name: 'x'.repeat(20) }]);
    await app.rows('TRUNCATE widgets; ALTER TABLE widgets ALTER name TYPE varchar(5)');
    app.loader.clearPlans();
    const result = await app.loader.load(Widget, [{ id: 'a', name: 'x'.repeat(20) }]);
    expect(result.rejects).toMatchObject([{ reason: 'too_long', column: 'name' }]);
  });

  it('that narrows between two loads costs the records that no longer fit, and no other', async () => {
    await app.loader.load(Widget, [{ id: 'a', size: 1 }]);
    await app.rows('ALTER TABLE widgets ADD CHECK (size < 10), ALTER size SET NOT NULL');
    const result = await app.loader.load(Widget, [{ id: 'b', size: 2 }, { id: 'c', size: 20 }, { id: 'd' }]);
    expect(result).toMatchObject({ inserted: 1, rejected: 2 });
    expect(result.rejects.map(({ reason }) => reason)).toEqual(['23514', '23502']);
  });
});
