import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { ExtraFields, type FieldProposal, LoadsFrom, SchemaService } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { hashOf, insertExtras, promotionOf, runDown, runUp } from '../../../support/entities/promotion.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

class ReadingRecord {
  id: string;
}

@Entity('readings')
@LoadsFrom(() => ReadingRecord)
class Reading {
  @PrimaryColumn('text')
  id: string;

  @ExtraFields()
  @Column({ name: 'rest', type: 'jsonb', nullable: true })
  others: Record<string, unknown> | null;

  get label(): string {
    return this.id;
  }
}

@Entity('plain')
class Plain {
  @PrimaryColumn('text')
  id: string;
}

let app: StorageApp;
let schema: SchemaService;
beforeAll(async () => {
  app = await startAppWith([Reading, Plain]);
  schema = app.module.get(SchemaService);
});
afterAll(() => app.close());
beforeEach(() => app.rows('TRUNCATE submissions, readings'));

/** The proposal for each field of these extra objects. */
async function proposed(...extras: string[]): Promise<Map<string, FieldProposal>> {
  await insertExtras(app, extras);
  const { fields } = await schema.propose('submissions', { minShare: 0 });
  return new Map(fields.map((field) => [field.field, field]));
}

const UUID = '0b0e2a3c-5e8f-4a55-9a57-0d4b4f0c1e2d';

describe('the type of a field', () => {
  it.each([
    ['boolean', ['true', 'false', 'null'], 'boolean'],
    ['bigint', ['0', '-9223372036854775808', '9223372036854775807'], 'bigint'],
    ['numeric, of an integer beyond bigint', ['1', '9223372036854775808'], 'numeric'],
    ['double precision', ['1', '0.5', '1e300', '-2.5e-7'], 'double precision'],
    ['numeric, of more digits than a double has', ['0.5', '0.12345678901234567891'], 'numeric'],
    ['numeric, of an integer beside a fraction that no double equals', ['0.5', '9007199254740993'], 'numeric'],
    ['numeric, where a zero after the point was written', ['1.0', '2.5'], 'numeric'],
    ['numeric, of what a double cannot hold', ['1e400', '1'], 'numeric'],
    ['uuid', [`"${UUID}"`, 'null'], 'uuid'],
    ['text, of a uuid in capitals', [`"${UUID}"`, `"${UUID.toUpperCase()}"`], 'text'],
    ['timestamptz', ['"2024-05-01T10:00:00Z"', '"1999-12-31T23:59:59Z"'], 'timestamptz'],
    [
      'timestamptz, as Python writes it',
      ['"2024-05-01T10:00:00+00:00"', '"2024-05-01T10:00:00.500000+00:00"'],
      'timestamptz',
    ],
    ['text, of date-times in two forms', ['"2024-05-01T10:00:00Z"', '"2024-05-01T10:00:00.000Z"'], 'text'],
    ['text, of a date-time in another zone', ['"2024-05-01T10:00:00+02:00"'], 'text'],
    ['text, of a date-time without a zone', ['"2024-05-01T10:00:00"'], 'text'],
    ['text, of a day that does not exist', ['"2024-02-30T10:00:00Z"'], 'text'],
    ['text', ['""', '"now"', '"1"'], 'text'],
    ['jsonb', ['{"a":1}', '[]'], 'jsonb'],
  ])('is %s', async (_, values, type) => {
    const fields = await proposed(...values.map((value) => `{"f":${value}}`));
    expect(fields.get('f')).toMatchObject({
      decision: 'promote',
      type,
      column: 'f',
      property: 'f',
      count: values.length,
    });
  });

  it.each([
    ['false', '1369076432', 'mixed types: boolean, number'],
    ['1', '"1"', 'mixed types: number, string'],
    ['{}', '"{}"', 'mixed types: object, string'],
  ])('is none for %s and %s', async (one, other, message) => {
    const fields = await proposed(`{"edited":${one}}`, `{"edited":${other}}`, '{"edited":null}', '{}');
    expect(fields.get('edited')).toMatchObject({
      decision: 'keep',
      reason: 'mixed_types',
      message,
      count: 3,
      share: 0.75,
    });
    expect(fields.get('edited')?.types).toMatchObject({ null: 1 });
  });

  it('is none where only null was seen', async () => {
    expect((await proposed('{"f":null}')).get('f')).toMatchObject({ decision: 'keep', reason: 'only_null' });
  });
});

describe('the name of a field', () => {
  const long = (end: string) => 'f'.repeat(69) + end;

  it.each<{ names: readonly (readonly [field: string, outcome: string | readonly [string, string]])[] }>([
    { names: [['over_18', ['over_18', 'over18']]] },
    { names: [['numCrossposts', ['num_crossposts', 'numCrossposts']]] },
    { names: [['select', ['select', 'select']]] },
    { names: [['Post Score', ['Post Score', 'postScore']]] },
    { names: [['größe', ['größe', 'größe']]] },
    { names: [['2fa', ['2fa', '_2fa']]] },
    { names: [['__proto__', 'reserved_name']] },
    { names: [['constructor', 'reserved_name']] },
    { names: [['ctid', 'reserved_name']] },
    { names: [['', 'empty_name']] },
    { names: [['"', 'unusable_name']] },
    { names: [['"; DROP TABLE submissions; --', 'unusable_name']] },
    { names: [['a.b', 'unusable_name']] },
    {
      names: [
        ['Foo', 'name_collision'],
        ['foo', 'name_collision'],
      ],
    },
    {
      names: [
        ['fooBar', 'name_collision'],
        ['foo_bar', 'name_collision'],
      ],
    },
    { names: [['Title', 'name_collision']] },
    { names: [['load-id', 'name_collision']] },
    {
      names: [
        [long('a'), 'name_too_long'],
        [long('b'), 'name_too_long'],
      ],
    },
    { names: [['f'.repeat(63), ['f'.repeat(63), 'f'.repeat(63)]]] },
    { names: [['ü'.repeat(32), 'name_too_long']] },
  ])('decides alone: $names', async ({ names }) => {
    const fields = await proposed(`{${names.map(([name]) => `${JSON.stringify(name)}:1`).join(',')}}`);
    const outcomes = [...fields.values()].map((field) => [
      field.field,
      field.decision === 'keep' ? field.reason : [field.column, field.property],
    ]);
    expect(outcomes).toEqual(names);
  });

  it('is never part of the SQL, and no two fields collide: all move to columns and back', async () => {
    const names = [
      'select',
      'x y',
      "it's",
      'größe',
      '$',
      '-a-',
      'user',
      'ORDER',
      long('a'),
      long('b'),
      '"',
      '__proto__',
    ];
    await insertExtras(app, [`{${names.map((name, n) => `${JSON.stringify(name)}:${n}`).join(',')}}`]);
    const before = await hashOf(app);
    const change = promotionOf(await schema.propose('submissions'));
    expect(change.fields.map(({ column }) => column)).toEqual(
      ['ORDER', '-a-', 'größe', 'select', 'user', 'x y'].sort(),
    );
    expect(await runUp(app, change)).toEqual([]);
    const [row] = await app.rows('SELECT "ORDER", "-a-", "größe", "select", "user", "x y", extra FROM submissions');
    expect(row).toMatchObject({ ORDER: '7', '-a-': '5', größe: '3', select: '0', user: '6', 'x y': '1' });
    expect(Object.keys(row?.['extra'] ?? {})).toHaveLength(names.length - 6);
    await runDown(app, change);
    expect(await hashOf(app)).toBe(before);
  });
});

describe('a proposal', () => {
  it('counts the rows with a field, and ignores rare fields', async () => {
    await insertExtras(app, [...Array.from({ length: 199 }, () => '{"a":1}'), '{"a":null,"b":"x"}']);
    const proposal = await schema.propose('submissions');
    expect(proposal).toMatchObject({ table: 'submissions', rows: 200, rowsRead: 200, sampled: false, moreFields: 0 });
    expect(proposal.fields).toMatchObject([
      { field: 'a', decision: 'promote', count: 200, share: 1, types: { number: 199, null: 1 } },
      { field: 'b', decision: 'keep', reason: 'rare', count: 1, share: 0.005 },
    ]);
    expect((await schema.propose('submissions', { minShare: 0.005 })).columns).toHaveLength(2);
    expect((await schema.propose('submissions', { minShare: 0, minCount: 2 })).columns).toHaveLength(1);
  });

  it('reads a sample of a large table, and says so', async () => {
    await app.rows(
      `INSERT INTO submissions (submission_id, reddit_id, extra)
       SELECT n, n, jsonb_build_object('a', n, 'filler', repeat('x', 400)) FROM generate_series(1, 20000) AS n`,
    );
    const proposal = await schema.propose('submissions', { sampleAbove: 2_000 });
    expect(proposal.sampled).toBe(true);
    expect(proposal.rows).toBeGreaterThan(10_000);
    expect(proposal.rowsRead).toBeGreaterThan(200);
    expect(proposal.rowsRead).toBeLessThan(10_000);
    expect(proposal.fields).toMatchObject([
      { field: 'a', share: 1 },
      { field: 'filler', share: 1 },
    ]);
  });

  it('names values captured by a version that did not know the column', async () => {
    const fields = await proposed(
      '{"title":"t","num_comments":"many","author":null}',
      '{"createdUtc":"2024-05-01T10:00:00Z"}',
    );
    expect([...fields.values()]).toEqual([
      expect.objectContaining({ field: 'createdUtc', decision: 'move', column: 'created_utc', type: 'timestamptz' }),
      expect.objectContaining({ field: 'num_comments', decision: 'keep', reason: 'other_column_type' }),
      expect.objectContaining({
        field: 'title',
        decision: 'move',
        column: 'title',
        inEntity: true,
        existing: 'filled',
      }),
    ]);
    const change = promotionOf(await schema.propose('submissions', { minShare: 0 }));
    await runUp(app, change);
    expect(await app.rows('SELECT title, extra FROM submissions ORDER BY title')).toEqual([
      { title: 't', extra: { num_comments: 'many', author: null } },
      { title: null, extra: null },
    ]);
    await runDown(app, change);
    expect(await app.rows('SELECT title FROM submissions WHERE title IS NOT NULL')).toEqual([{ title: 't' }]);
  });

  it('rejects fallback fields and members of the entity', async () => {
    await app.rows(
      `INSERT INTO app_opportunities (submission_id, extra) VALUES ('a', '{"functions":["x"],"total_score":1}')`,
    );
    const { fields } = await schema.propose('app_opportunities');
    expect(fields).toMatchObject([
      { field: 'functions', reason: 'name_collision' },
      { field: 'total_score', reason: 'name_collision' },
    ]);
    await app.rows(`INSERT INTO readings VALUES ('a', '{"label":"x","label_2":"y"}')`);
    const own = await schema.propose(Reading);
    expect(own.fields).toMatchObject([
      { field: 'label', reason: 'name_collision', message: 'the entity has a member label' },
      { field: 'label_2', decision: 'promote' },
    ]);
    expect(own.entitySource()).toMatchObject({
      entity: 'Reading',
      recordClass: 'ReadingRecord',
      properties: `  @CapturedBefore()\n  @Column({ name: 'label_2', type: 'text', nullable: true })\n  label2!: string | null;\n`,
      recordProperties: '  label2?: string | null;\n',
    });
    const migration = own.migration({ className: 'AddLabel', timestamp: 17 });
    expect(migration).toMatchObject({ fileName: '17-promote-readings-fields.ts', className: 'AddLabel17' });
    expect(migration?.source).toContain(`{ field: 'label_2', column: 'label_2', type: 'text' },`);
    expect(migration?.source).toContain(`} from 'harbor-storage';`);
  });

  it('is rejected for an entity without capture, and for an unknown one', async () => {
    await expect(schema.propose(Plain)).rejects.toMatchObject({ message: expect.stringContaining('@ExtraFields()') });
    await expect(schema.propose('nowhere')).rejects.toMatchObject({ name: 'InvalidLoadError' });
  });

  it('of an empty table proposes nothing', async () => {
    const proposal = await schema.propose('submissions');
    expect(proposal).toMatchObject({ rows: 0, fields: [] });
    expect(proposal.migration()).toBeUndefined();
  });
});
