import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn, Unique, UpdateDateColumn, VersionColumn } from 'typeorm';

import { ExtraFields, LoadId, NewerBy, QuarantineService } from '../../../../src/index.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { brokenRules, CITUS_RULES, type CitusTables, dropsInSavepoint } from '../../../support/citus/citus-rules.js';
import { type Recorder, recordStatements } from '../../../support/citus/record-statements.js';
import { startAppWith } from '../../../support/entities/own-entities.js';

@Entity('goods')
@Unique('one_code', ['id', 'code'])
class Good {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  code: string | null;

  @Column('text', { nullable: true, default: 'none' })
  v: string | null;

  @NewerBy()
  @Column('timestamptz', { nullable: true })
  at: Date | null;

  @Column('json', { nullable: true })
  json: unknown;

  @Column('numeric', { nullable: true, array: true })
  list: string[] | null;

  @ExtraFields()
  @Column('jsonb', { default: {} })
  extra: object;

  @LoadId()
  @Column('uuid', { nullable: true })
  load: string | null;

  @VersionColumn()
  version: number;

  @UpdateDateColumn()
  changed: Date;
}

const TABLES: CitusTables = {
  sharded: ['goods', 'submissions', 'app_opportunities'],
  single: [
    'storage_loads',
    'storage_load_batches',
    'storage_load_shards',
    'storage_rejected_records',
    'storage_history',
  ],
};

/** Makes the catalogs of a plain server say that Citus keeps these tables, so that loads choose the statements for it. */
const LIKE_CITUS = `SET allow_system_table_mods = on;
  CREATE TABLE pg_catalog.pg_dist_partition AS
    SELECT c.oid::regclass AS logicalrelid, 'h'::"char" AS partmethod, 's'::"char" AS repmodel, 1 AS colocationid, a.attname::text AS partkey
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname IN ('id', 'submission_id')
    WHERE c.relname IN ('goods', 'submissions', 'app_opportunities');
  CREATE FUNCTION pg_catalog.column_to_column_name(regclass, text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $2';
  RESET allow_system_table_mods`;

describe('statements on distributed tables', () => {
  let app: StorageApp;
  let recorder: Recorder;
  beforeAll(async () => {
    app = await startAppWith([Good]);
    await app.rows("ALTER TABLE goods ADD CONSTRAINT not_bad CHECK (v <> 'bad')");
    await app.rows("ALTER TABLE submissions ADD CONSTRAINT not_bad CHECK (title <> 'bad')");
    await app.rows(LIKE_CITUS);
    recorder = recordStatements((await app.rows<{ name: string }>('SELECT current_database() AS name'))[0]?.name ?? '');
  });
  afterAll(async () => {
    recorder?.stop();
    await app?.close();
  });

  const kinds = (round: number): object[] => [
    { id: 'a', v: 'same' },
    { id: 'b', v: round % 2 === 0 ? null : 'v', at: new Date(round) },
    { id: 'c', at: null, json: { round }, list: [round, 0.5] },
    { id: 'd', v: 'twice', code: `${round}` },
    { id: 'd', more: round },
    { id: 'e', v: 'bad' },
  ];
  const many = (round: number): object[] =>
    Array.from({ length: 260 }, (_, index) => ({
      id: `m${index}`,
      ...(index % 3 > 0 && { v: `${index % 5} ${round}` }),
    }));

  it('are such that Citus takes, by every way of loading', async () => {
    const options = { maxRejects: 1000 };
    const submissions = Array.from({ length: 220 }, (_, index) => ({
      submission_id: `s${index}`,
      problem_description: 'p',
      ...(index % 2 > 0 && { title: index === 7 ? 'bad' : `${index}` }),
    }));
    const fresh = submissions.map((_, index) => ({ id: `f${index}`, v: `${index}` }));
    await app.loader.load(Good, fresh);
    for (const [round, disposition] of (['merge', 'insert', 'update', 'append', 'replace'] as const).entries()) {
      await app.loader.load(Good, kinds(round), { ...options, disposition });
      await app.loader.load(Good, [...many(round), ...kinds(round + 5)], {
        ...options,
        disposition,
        loadKey: disposition,
      });
    }
    await app.loader.load(Good, [{ id: 'm1', gone: true }, ...kinds(11)], { ...options, deleteWhen: 'gone' });
    await app.loader.load(Good, kinds(12), { ...options, returning: ['v', 'changed'], keepColumns: ['code'] });
    await app.loader.loadBatch(Good, many(13), { batchSize: 210, loadKey: 'batches' });
    // The second shard is started again.
    for (const index of [0, 1, 1]) {
      await app.loader.loadBatch(Good, many(14), { loadKey: 'shards', shard: { index, count: 2 } });
    }
    await app.hybrid.store(submissions.slice(0, 20));
    await app.hybrid.storeBatch(submissions, { batchSize: 210 });
    await app.dataSource.transaction((manager) => app.profiles.withManager(manager).store(submissions.slice(5)));
    const quarantine = app.module.get(QuarantineService);
    await quarantine.replay({ table: 'goods' });
    await quarantine.purge({ table: 'submissions' });

    expect(new Set(recorder.sent.flatMap((sent) => brokenRules(sent, TABLES)))).toEqual(new Set());
    expect(recorder.sent.filter(dropsInSavepoint).map(({ text }) => text)).toEqual([]);

    const texts = recorder.sent.map(({ text }) => text);
    // What must have been seen, or nothing was shown.
    expect(texts.some((text) => text.startsWith('UPDATE "public"."goods"'))).toBe(true);
    expect(texts.some((text) => text.startsWith('DELETE FROM "public"."goods"'))).toBe(true);
    expect(texts.some((text) => text.startsWith('INSERT INTO "public"."app_opportunities"'))).toBe(true);
    expect(texts.some((text) => text.startsWith('COPY "public"."goods"'))).toBe(true);
    expect(texts.some((text) => text.startsWith('DO '))).toBe(true);
    expect(texts.some((text) => text.includes('UPDATE "public"."storage_load_shards"'))).toBe(true);
    expect(texts.some((text) => text.includes('INTO "public"."storage_rejected_records"'))).toBe(true);
  });

  it.each([
    ["partkey = 'code'", 'Good: goods is distributed by code, which is not in the key of the load (id)'],
    ["partmethod = 'n', repmodel = 't'", 'Good cannot be loaded: goods is a reference table'],
    [
      "partkey = 'id', partmethod = 'h', repmodel = 'c'",
      'Good cannot be loaded: Citus keeps several copies of each shard of goods',
    ],
  ])('are not sent where no load can write the table: %s', async (how, message) => {
    // The ALTER makes loads read again how the table is kept.
    await app.rows(`UPDATE pg_catalog.pg_dist_partition SET ${how} WHERE logicalrelid = 'goods'::regclass;
      ALTER TABLE goods ALTER v SET STATISTICS 10`);
    await expect(app.loader.load(Good, [{ id: 'a' }])).rejects.toThrow(message);
  });

  it.each(CITUS_RULES)('are found where they break the rule: $name', ({ name, example }) => {
    expect(brokenRules({ text: example, savepoints: 0 }, TABLES)).toContain(`${name}: ${example}`);
  });

  it('are found where they drop a table in a savepoint', () => {
    expect(dropsInSavepoint({ text: 'DROP TABLE pg_temp.s', savepoints: 1 })).toBe(true);
  });
});
