import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Column, CreateDateColumn, Entity, PrimaryColumn, PrimaryGeneratedColumn, VersionColumn } from 'typeorm';

import { InvalidLoadError } from '../../../../src/index.js';
import { MODEL_COLUMNS, partialOpportunity } from '../../../support/records/merge-model.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { emptyTables, quarantined } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

@Entity('members')
class Member {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT' })
  id: number;

  @Column('text', { unique: true })
  email: string;

  @Column('text', { nullable: true, default: 'plain' })
  grade: string | null;

  @Column({ type: 'text', nullable: true, update: false })
  origin: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  since: Date;

  @VersionColumn()
  version: number;
}

@Entity('parts')
class Part {
  @PrimaryColumn('integer')
  id: number;

  @Column('integer', { nullable: true })
  whole: number | null;
}

const REPLACE = { disposition: 'replace' } as const;

describe('a replace of many batches', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Member, Part]);
    await app.rows('ALTER TABLE parts ADD CONSTRAINT inside FOREIGN KEY (whole) REFERENCES parts');
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('TRUNCATE members, parts RESTART IDENTITY');
  });

  const opportunity = (id: string, fields: object = {}) => ({ submission_id: id, problem_description: 'p', ...fields });
  const members = (records: object[], options: object = {}) =>
    app.loader.loadBatch(Member, records, { ...REPLACE, primaryKey: 'email', ...options });
  const storedMembers = () =>
    app.rows(
      `SELECT id, email, grade, origin, extract(year FROM since)::integer AS since, version FROM members ORDER BY email`,
    );

  it('folds records with one key field by field over batches, as in one', async () => {
    await app.opportunities.store([opportunity('a', { title: 'old', app_name: 'old', mood: 'old' })]);
    const records = [
      opportunity('a', { title: 'first', enrichment_version: 'v1', mood: 'good' }),
      opportunity('b', { trust_score: 3 }),
      opportunity('a', { app_name: 'second', season: 'spring' }),
      opportunity('a', { title: null }),
      opportunity('b', { trust_score: null, title: 't' }),
    ];
    const result = await app.opportunities.storeBatch(records, { ...REPLACE, batchSize: 1 });

    expect(result).toMatchObject({ received: 5, inserted: 1, updated: 1, duplicates: 3, removed: 0, ok: true });
    expect(result).toMatchObject({ batches: 1, successfulBatches: 1, failedBatches: 0, successRate: 1 });
    const rows = await app.rows(
      `SELECT submission_id AS id, title, app_name, enrichment_version AS v, trust_score AS trust, extra
         FROM app_opportunities ORDER BY 1`,
    );
    expect(rows).toEqual([
      { id: 'a', title: null, app_name: 'second', v: 'v1', trust: null, extra: { mood: 'good', season: 'spring' } },
      { id: 'b', title: 't', app_name: null, v: 'v3.0.0', trust: 3, extra: null },
    ]);
  });

  it('does not depend on where the batches are cut, in what it leaves and in what it counts', async () => {
    const some = fc.array(partialOpportunity, { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(some, some, fc.integer({ min: 1, max: 5 }), async (before, now, batchSize) => {
        const outcomes = [];
        for (const size of [1_000, batchSize]) {
          await emptyTables(app);
          await app.opportunities.store(before.map(({ record }) => record));
          const records = now.map(({ record }) => record);
          const result = await app.opportunities.storeBatch(records, { ...REPLACE, batchSize: size });
          const { received, inserted, updated, unchanged, duplicates, removed, ok } = result;
          expect(received).toBe(inserted + updated + unchanged + duplicates);
          const rows = await app.rows(
            `SELECT submission_id, ${MODEL_COLUMNS.join(', ')} FROM app_opportunities ORDER BY 1`,
          );
          outcomes.push({ inserted, updated, unchanged, duplicates, removed, ok, rows });
        }
        expect(outcomes[1]).toEqual(outcomes[0]);
      }),
      propertyRuns(30),
    );
  });

  it('keeps what the database has made once: identity and creation date of the rows that stay', async () => {
    await members([{ email: 'a', origin: 'o1' }, { email: 'b' }, { email: 'gone' }]);
    await app.rows(`UPDATE members SET since = '2020-01-01Z'`);
    const records = [{ email: 'c' }, { email: 'b', grade: 'high' }, { email: 'a', origin: 'o2' }, { email: 'b' }];
    const result = await members([...records, { email: 'd', id: 77 }], { batchSize: 2 });

    expect(result).toMatchObject({ received: 5, inserted: 2, updated: 1, unchanged: 1, duplicates: 1, removed: 1 });
    const now = new Date().getUTCFullYear();
    expect(await storedMembers()).toEqual([
      { id: 1, email: 'a', grade: 'plain', origin: 'o1', since: 2020, version: 1 },
      { id: 2, email: 'b', grade: 'high', origin: null, since: 2020, version: 2 },
      { id: expect.any(Number), email: 'c', grade: 'plain', origin: null, since: now, version: 1 },
      { id: 77, email: 'd', grade: 'plain', origin: null, since: now, version: 1 },
    ]);
    expect(await members([{ email: 'a', since: '1999-06-01T00:00:00Z', id: 5 }])).toMatchObject({ updated: 1 });
    expect(await storedMembers()).toMatchObject([{ id: 5, email: 'a', since: 1999, version: 2 }]);
  });

  it('leaves a check of what is made once to the table, where it is made', async () => {
    await app.rows('ALTER TABLE members ADD CONSTRAINT dated CHECK (since IS NOT NULL AND id IS NOT NULL)');
    app.loader.clearPlans();
    try {
      expect(await members([{ email: 'a' }, { email: 'b' }])).toMatchObject({ inserted: 2, rejected: 0 });
    } finally {
      await app.rows('ALTER TABLE members DROP CONSTRAINT dated');
      app.loader.clearPlans();
    }
  });

  it('keeps a check that looks at the whole row to the table too', async () => {
    await app.rows('ALTER TABLE members ADD CONSTRAINT whole CHECK (members IS NOT NULL OR true)');
    app.loader.clearPlans();
    try {
      expect(await members([{ email: 'a' }])).toMatchObject({ inserted: 1, rejected: 0 });
    } finally {
      await app.rows('ALTER TABLE members DROP CONSTRAINT whole');
      app.loader.clearPlans();
    }
  });

  it('lets rows of the table point to each other, in any order', async () => {
    const parts = (records: object[]) => app.loader.loadBatch(Part, records, { ...REPLACE, batchSize: 2 });
    await parts([{ id: 1 }, { id: 2, whole: 1 }, { id: 9 }]);
    const records = [{ id: 1, whole: 8 }, { id: 2, whole: 7 }, { id: 7, whole: 8 }, { id: 8 }];
    expect(await parts(records)).toMatchObject({ inserted: 2, updated: 2, removed: 1, ok: true });
  });

  it('names the table and its constraint when it rejects a row, and keeps the record as it came', async () => {
    await app.rows('ALTER TABLE app_opportunities ADD CONSTRAINT sure CHECK (confidence <= 1) NOT VALID');
    app.loader.clearPlans();
    const records = ['a', 'b', 'c', 'd'].map((id) => opportunity(id, id === 'c' ? { confidence: 2 } : {}));
    const result = await app.opportunities.storeBatch(records, { ...REPLACE, batchSize: 3, maxRejects: 1 });
    expect(result).toMatchObject({ inserted: 3, rejected: 1, rejects: [{ position: 2, reason: '23514' }] });
    const [row] = await quarantined(app, result.loadId);
    expect(row).toMatchObject({
      key: 'c',
      message: 'check violation (table app_opportunities, constraint sure) [23514]',
    });
    expect(JSON.parse(String(row?.raw))).toEqual(records[2]);
  });

  it('notes one batch over all of the input', async () => {
    const { loadId } = await members([{ email: 'a' }, { email: 'b' }, { email: 'a' }], { batchSize: 1 });
    expect(await app.rows('SELECT * FROM storage_load_batches')).toMatchObject([
      {
        load_id: loadId,
        batch_no: 0,
        first_position: '0',
        end_position: '3',
        counts: { tables: [{ received: 3, inserted: 2 }] },
      },
    ]);
  });

  it('that has nothing to put into the table is in the history, and the table as it was', async () => {
    await app.opportunities.store([opportunity('a')]);
    const load = app.opportunities.storeBatch([{ submission_id: 'b' }, { submission_id: 'c' }], REPLACE);
    await expect(load).rejects.toThrow(InvalidLoadError);
    await expect(load).rejects.toThrow(/None of the 2 records is a row of app_opportunities/);
    expect(await app.count('app_opportunities')).toBe(1);
    const [last] = await app.rows('SELECT status, error_code FROM storage_loads ORDER BY started_at DESC LIMIT 1');
    expect(last).toEqual({ status: 'failed', error_code: 'INVALID_LOAD' });
  });

  it('empties the table when only rejected records are left and that is allowed', async () => {
    await app.opportunities.store([opportunity('a')]);
    const rejected = [opportunity('a', { title: 5 })];
    await expect(app.opportunities.storeBatch(rejected, { ...REPLACE, maxRejects: 1 })).rejects.toThrow(/allowEmpty/);
    expect(await app.count('app_opportunities')).toBe(1);
    const options = { ...REPLACE, maxRejects: 1, allowEmpty: true };
    expect(await app.opportunities.storeBatch(rejected, options)).toMatchObject({ rejected: 1, removed: 1 });
  });

  it('does not pass for done when a trigger keeps rows out without a word', async () => {
    await app.opportunities.store([opportunity('a')]);
    await app.rows(`
      CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
      CREATE TRIGGER suppress BEFORE INSERT ON app_opportunities
        FOR EACH ROW WHEN (NEW.title = 'gone') EXECUTE FUNCTION suppress();
    `);
    try {
      const load = app.opportunities.store([opportunity('b'), opportunity('c', { title: 'gone' })], REPLACE);
      await expect(load).rejects.toThrow(/app_opportunities took 1 of 2 rows/);
      expect(await app.rows('SELECT submission_id AS id FROM app_opportunities')).toEqual([{ id: 'a' }]);
    } finally {
      await app.rows('DROP TRIGGER suppress ON app_opportunities');
    }
  });
});
