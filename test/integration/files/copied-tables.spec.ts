import { once } from 'node:events';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import type { CsvOptions } from '../../../src/files/csv/csv-reader.js';
import { readRecords } from '../../../src/files/read-records.js';
import { type BatchLoadResult, storageEntities } from '../../../src/index.js';
import type { StorageApp } from '../../support/app/storage-app.js';
import { startAppWith } from '../../support/entities/own-entities.js';
import { streamOf } from '../../support/records/collect.js';

@Entity('copied')
class Copied {
  @PrimaryColumn('int')
  id: number;

  @Column('boolean', { nullable: true })
  flag: boolean | null;

  @Column('boolean', { array: true, nullable: true })
  flags: boolean[] | null;

  @Column('text', { nullable: true })
  words: string | null;

  @Column('text', { array: true, nullable: true })
  tags: (string | null)[] | null;

  @Column('jsonb', { nullable: true })
  setup: unknown;

  @Column('jsonb', { array: true, nullable: true })
  setups: unknown[] | null;

  @Column('numeric', { nullable: true })
  amount: string | null;

  @Column('bigint', { nullable: true })
  big: string | null;

  @Column('double precision', { nullable: true })
  ratio: number | null;

  @Column('timestamptz', { nullable: true })
  seen: Date | null;

  @Column('timestamp', { nullable: true })
  local: string | null;

  @Column('date', { nullable: true })
  day: string | null;

  @Column('time', { nullable: true })
  at: string | null;

  @Column('interval', { nullable: true })
  span: string | null;

  @Column('bytea', { nullable: true })
  bytes: Buffer | null;

  @Column('uuid', { nullable: true })
  uid: string | null;

  @Column('inet', { nullable: true })
  host: string | null;

  @Column('int4range', { nullable: true })
  range: string | null;

  @Column('enum', { enum: ['good', 'bad'], enumName: 'copied_mood', nullable: true })
  mood: string | null;
}

const ROWS = `
  (1, true, '{t,f,NULL}', 'a "b", \\N' || chr(10) || 'c', '{a,"b,c","d\\"e\\\\f",NULL,"NULL",""," x "}',
   '{"a": [1.5, null, "é"]}', ARRAY['{"b": "x,y"}', 'null']::jsonb[], 1.50, 9007199254740993, 0.1,
   '2024-05-01 12:00:00.123456+02', '2024-05-01 12:00:00.5', '1999-12-31', '23:59:59.999', '1 day 02:03:04',
   '\\x00ff', '6f1c9e2a-0b1d-4c3e-8f5a-123456789abc', '10.0.0.1/8', '[1,5)', 'bad'),
  (2, false, '{}', '', '{}', 'null', '{}', -0.001, -1, -1e300, '0001-01-01 00:00:00+00', '2024-01-01', '0001-01-01',
   '00:00', '-1 year', '\\x', NULL, '::1', 'empty', 'good'),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`;

const RECORDS = [
  {
    submission_id: 't3_1',
    title: 'a "b", c\nd',
    problem_description: '',
    core_functions: ['a', 'b,"c"'],
    opportunity_score: 72.5,
    evidence_based: true,
    created_utc: 1_373_490_332,
    num_comments: 0,
    ai_profile: { x: [1, null] },
    own: { nested: ['é'] },
  },
  {
    submission_id: 't3_2',
    problem_description: 'p',
    title: null,
    evidence_based: false,
    upvote_ratio: 0.98,
    trust_badges: { a: true },
  },
];

/** Text of a table as \copy … to stdout csv header writes it. */
async function exportOf(app: StorageApp, table: string, options = ''): Promise<Buffer> {
  const client = new Client({ connectionString: (app.dataSource.options as { url: string }).url });
  await client.connect();
  try {
    const stream = client.query(copyTo(`COPY (TABLE ${table} ORDER BY 1) TO STDOUT (FORMAT csv, HEADER${options})`));
    const ended = once(stream, 'close');
    const chunks = await stream.toArray();
    await ended;
    return Buffer.concat(chunks as Buffer[]);
  } finally {
    await client.end();
  }
}

describe('a table that psql has exported as csv', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Copied]);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await app.rows('TRUNCATE copied, submissions, app_opportunities CASCADE');
    await app.rows(`INSERT INTO copied VALUES ${ROWS}`);
    await app.hybrid.storeBatch(RECORDS.map((record) => ({ ...record, problem_description: 'p' })));
  });

  const load = async (table: string, file: Buffer, csv: CsvOptions): Promise<BatchLoadResult> => {
    const records = readRecords(streamOf(file), { format: 'csv', csv });
    return app.loader.loadBatch(table === 'copied' ? Copied : table, records);
  };
  /** Rows, without what belongs to each load. */
  const contentOf = (table: string) =>
    app.rows(`SELECT (to_jsonb(t) - 'load_id' - 'updated_at')::text AS row FROM ${table} AS t ORDER BY 1`);

  it.each<[string, number]>([
    ['copied', 3],
    ['submissions', 2],
    ['app_opportunities', 2],
  ])('is unchanged by a load of it, and the same in an empty table: %s', async (table, count) => {
    const before = await contentOf(table);
    const file = await exportOf(app, table);
    expect(await load(table, file, {})).toMatchObject({ ok: true, received: count, unchanged: count, rejects: [] });
    await app.rows(`TRUNCATE ${table} CASCADE`);
    // Empty and unquoted is null in an export of Postgres.
    expect(await load(table, file, { nullText: '' })).toMatchObject({ ok: true, inserted: count, rejects: [] });
    expect(await contentOf(table)).toEqual(before);
  });

  it('may have another delimiter, another null and quotes around everything', async () => {
    const before = await contentOf('copied');
    const file = await exportOf(app, 'copied', `, DELIMITER '|', NULL '\\N', FORCE_QUOTE *`);
    await app.rows('TRUNCATE copied');
    const csv = { nullText: String.raw`\N`, knownNames: new Set(['id']) };
    expect(await load('copied', file, csv)).toMatchObject({ ok: true, inserted: 3, rejects: [] });
    expect(await contentOf('copied')).toEqual(before);
  });

  it('has all tables of this package that records are loaded into', () => {
    const tables = storageEntities.map((entity) => app.dataSource.getMetadata(entity).tableName);
    expect(tables.filter((table) => !table.startsWith('storage_')).sort()).toEqual([
      'app_opportunities',
      'submissions',
    ]);
  });
});
