import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import pg from 'pg';
import { Column, DataSource, Entity, type MigrationInterface, type QueryRunner } from 'typeorm';

import {
  CapturedBefore,
  type FieldPromotion,
  promoteFields,
  returnFields,
  StorageModule,
  SubmissionEntity,
} from '../../../../src/index.js';
import { initStorageApp, startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';
import { sized } from '../../../support/sizes/sizes.js';

const PROMOTION: FieldPromotion = {
  table: 'submissions',
  extra: 'extra',
  fields: [
    { field: 'ups', column: 'ups', type: 'bigint' },
    { field: 'domain', column: 'domain', type: 'text' },
    { field: 'is_self', column: 'is_self', type: 'boolean' },
  ],
};

class PromoteSubmissionsFields1800000000000 implements MigrationInterface {
  readonly name = 'PromoteSubmissionsFields1800000000000';
  readonly transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    await promoteFields(queryRunner, PROMOTION);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await returnFields(queryRunner, PROMOTION);
  }
}

/** Number of records at the end, and before the migration. */
const [ALL, FIRST] = sized([10_000, 4_000], [50_000, 20_000]) as [number, number];

/** The entity of the version with the columns. */
@Entity('submissions')
class NewSubmission extends SubmissionEntity {
  @CapturedBefore()
  @Column({ name: 'ups', type: 'bigint', nullable: true })
  ups: string | null;

  @CapturedBefore()
  @Column({ name: 'domain', type: 'text', nullable: true })
  domain: string | null;

  @CapturedBefore()
  @Column({ name: 'is_self', type: 'boolean', nullable: true })
  isSelf: boolean | null;
}

const record = (n: number, version: number) => ({
  submission_id: `t3_${n}`,
  title: `Title ${n}`,
  ups: n + version,
  domain: `self.${version}`,
  is_self: (n + version) % 2 === 0,
  edited: n % 3 === 0 ? false : n,
});

function* records(from: number, to: number, version: number): Iterable<object> {
  for (let n = from; n < to; n += 1) {
    yield record(n, version);
  }
}

describe('a migration that moves fields while records are loaded', () => {
  let app: StorageApp;
  let migrations: DataSource;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());

  beforeEach(async () => {
    const { url } = app.dataSource.options as { url: string };
    migrations = await new DataSource({
      type: 'postgres',
      driver: pg,
      url,
      migrations: [PromoteSubmissionsFields1800000000000],
      migrationsTransactionMode: 'each',
      installExtensions: false,
    }).initialize();
    // The migrations' own messages are not what is tested here.
    migrations.logger.logMigration = () => {};
  });
  afterEach(() => migrations.destroy());

  /** The value of each field in a row: a captured value is newer than a moved one. */
  const wrongRows = (columns: boolean) =>
    app.rows(`
      SELECT submission_id, extra FROM (
        SELECT submission_id, extra, substr(submission_id, 4)::integer AS n,
               CASE WHEN substr(submission_id, 4)::integer < ${FIRST} THEN 2 ELSE 1 END AS version,
               ${columns ? `COALESCE(extra -> 'ups', to_jsonb(ups))` : `extra -> 'ups'`} AS ups,
               ${columns ? `COALESCE(extra -> 'domain', to_jsonb(domain))` : `extra -> 'domain'`} AS domain,
               ${columns ? `COALESCE(extra -> 'is_self', to_jsonb(is_self))` : `extra -> 'is_self'`} AS is_self
          FROM submissions) AS s
       WHERE ups IS DISTINCT FROM to_jsonb(n + version)
          OR domain IS DISTINCT FROM to_jsonb('self.' || version)
          OR is_self IS DISTINCT FROM to_jsonb((n + version) % 2 = 0)
          OR extra -> 'edited' IS DISTINCT FROM CASE WHEN n % 3 = 0 THEN 'false'::jsonb ELSE to_jsonb(n) END
       LIMIT 5`);

  it('loses no value of many records, and fails no load, up and down', async () => {
    await app.profiles.storeBatch(records(0, FIRST, 1));

    const [there] = await Promise.all([
      app.profiles.storeBatch(records(0, ALL, 2)).then(async (first) => {
        const second = await app.profiles.storeBatch(records(FIRST, ALL, 1));
        return [first, second];
      }),
      migrations.runMigrations(),
    ]);
    expect(there).toMatchObject([
      { ok: true, received: ALL, inserted: ALL - FIRST, updated: FIRST, failed: 0, failedBatches: 0 },
      { ok: true, received: ALL - FIRST, updated: ALL - FIRST, failed: 0, failedBatches: 0 },
    ]);
    expect(await wrongRows(true)).toEqual([]);
    expect(await app.count('submissions WHERE ups IS NOT NULL')).toBeGreaterThanOrEqual(FIRST);

    const [back] = await Promise.all([app.profiles.storeBatch(records(0, FIRST, 2)), migrations.undoLastMigration()]);
    expect(back).toMatchObject({ ok: true, received: FIRST, failed: 0, failedBatches: 0 });
    expect(await wrongRows(false)).toEqual([]);
    expect(await app.count(`pg_attribute WHERE attrelid = 'submissions'::regclass AND attname = 'ups'`)).toBe(0);
    expect(await app.count('submissions')).toBe(ALL);
  }, 120_000);

  it('keeps values written by a version that knows the columns', async () => {
    await app.rows('TRUNCATE submissions');
    await app.profiles.storeBatch(records(0, 5_000, 1));
    await app.rows('ALTER TABLE submissions ADD ups bigint, ADD domain text, ADD is_self boolean');
    const { url } = app.dataSource.options as { url: string };
    const module = await Test.createTestingModule({
      imports: [StorageModule.forRoot({ url }), StorageModule.forFeature([NewSubmission])],
    }).compile();
    const newApp = await initStorageApp(module);
    try {
      const [older, newer] = await Promise.all([
        app.profiles.storeBatch(records(5_000, 10_000, 1)),
        newApp.loader.loadBatch(NewSubmission, records(0, 3_000, 2)),
        migrations.runMigrations(),
      ]);
      expect(older).toMatchObject({ ok: true, inserted: 5_000, failed: 0 });
      expect(newer).toMatchObject({ ok: true, updated: 3_000, failed: 0 });
      const wrong = await app.rows(`
        SELECT submission_id, ups, extra FROM submissions
         WHERE COALESCE(extra -> 'ups', to_jsonb(ups)) <>
               to_jsonb(substr(submission_id, 4)::integer + CASE WHEN substr(submission_id, 4)::integer < 3000 THEN 2 ELSE 1 END)
         LIMIT 5`);
      expect(wrong).toEqual([]);
    } finally {
      await newApp.close();
    }
  }, 60_000);
});
