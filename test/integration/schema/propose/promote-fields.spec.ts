import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';

import { type FieldPromotion, SchemaService } from '../../../../src/index.js';
import { untilLockIsAwaited } from '../../../support/database/lock-waits.js';
import { hashOf, insertExtras, promotionOf, runDown, runUp } from '../../../support/entities/promotion.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

let app: StorageApp;
let logged: jest.SpiedFunction<StorageApp['dataSource']['logger']['logMigration']>;
beforeAll(async () => {
  app = await startStorageApp();
  logged = jest.spyOn(app.dataSource.logger, 'logMigration').mockImplementation(() => {});
  await app.rows('CREATE TABLE blank (LIKE submissions INCLUDING ALL)');
});
afterAll(() => app.close());
// Postgres counts all columns a table ever had, up to 1,600.
const startAnew = () => app.rows('DROP TABLE submissions; CREATE TABLE submissions (LIKE blank INCLUDING ALL)');
afterEach(startAnew);

const propose = () => app.module.get(SchemaService).propose('submissions', { minShare: 0 });
const promotion = (...fields: FieldPromotion['fields']): FieldPromotion => ({
  table: 'submissions',
  extra: 'extra',
  fields,
});
const stored = () => app.rows('SELECT submission_id AS id, extra, to_jsonb(t) AS row FROM submissions t ORDER BY 1');

/** JSON texts of one kind: typical and accidental values of a field. */
const FAMILIES: readonly fc.Arbitrary<string>[] = [
  fc.constantFrom('true', 'false'),
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }).map(String),
  fc.constantFrom('9223372036854775807', '-9223372036854775808', '9223372036854775808', '0', '-0'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.constantFrom('1.0', '1', '1.50', '1e2', '0.1', '1e-320', '1e400', '0.10000000000000000000001', '0.0', '1E-7'),
  fc.uuid().map((value) => JSON.stringify(value)),
  fc.uuid().map((value) => JSON.stringify(value.toUpperCase())),
  fc
    .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
    .map((value) => JSON.stringify(value.toISOString())),
  fc
    .integer({ min: 0, max: 2 ** 31 })
    .map((value) => JSON.stringify(new Date(value * 1000).toISOString().replace('.000Z', '+00:00'))),
  fc
    .constantFrom('2024-05-01T10:00:00+00:00', '2024-05-01T10:00:00.000001+00:00', '2024-05-01T10:00:00.100000+00:00')
    .map((value) => JSON.stringify(value)),
  fc
    .constantFrom(
      '2024-02-30T00:00:00Z',
      '2024-02-29T23:59:59Z',
      '2023-02-29T00:00:00Z',
      '2024-01-01T24:00:00Z',
      '2024-01-01T00:00:60Z',
      '2024-13-01T00:00:00Z',
      '0000-01-01T00:00:00Z',
      '2024-01-01T00:00:00',
      '2024-01-01T00:00:00+02:00',
      '2024-01-01 00:00:00.000000Z',
      'now',
    )
    .map((value) => JSON.stringify(value)),
  fc.string({ unit: 'grapheme' }).map((value) => JSON.stringify(value.replaceAll('\0', ''))),
  fc.constantFrom('{}', '[]', '{"a":null}', '[1.0,"x"]', '""', '"null"'),
  fc.constant('null'),
];

/** Extra objects of many rows: each field has values of one or two kinds. */
const extrasOf = (names: readonly string[]): fc.Arbitrary<(string | null)[]> =>
  fc
    .array(fc.tuple(fc.constantFrom(...FAMILIES), fc.constantFrom(...FAMILIES), fc.integer({ min: 0, max: 9 })), {
      minLength: names.length,
      maxLength: names.length,
    })
    .chain((families) =>
      fc.array(
        fc.oneof(
          { weight: 1, arbitrary: fc.constantFrom(null, '{}', '[]', '7') },
          {
            weight: 9,
            arbitrary: fc
              .tuple(
                ...families.map(([usual, rare, odds]) =>
                  fc.option(fc.oneof({ weight: 20, arbitrary: usual }, { weight: odds < 6 ? 0 : 2, arbitrary: rare })),
                ),
              )
              .map((values) => {
                const members = values.flatMap((value, index) =>
                  value === null ? [] : [`${JSON.stringify(names[index])}:${value}`],
                );
                return `{${members.join(',')}}`;
              }),
          },
        ),
        { maxLength: 30 },
      ),
    );

const NAMES = ['ups', 'is_self', 'numCrossposts', 'Select', 'select', '__proto__', '"', "it's", 'x y', 'größe'];

describe('fields that become columns', () => {
  it('are restored exactly by down, whatever extra contained, also values captured after the proposal', async () => {
    await fc.assert(
      fc.asyncProperty(extrasOf(NAMES), extrasOf(NAMES), async (extras, late) => {
        await startAnew();
        await insertExtras(app, extras);
        const proposal = await propose();
        await insertExtras(app, late, 'late');
        const before = await hashOf(app);
        const change = promotionOf(proposal);
        await runUp(app, change);
        const [{ left } = { left: -1 }] = await app.rows<{ left: number }>(
          `SELECT count(*)::integer AS left FROM submissions, jsonb_each(CASE WHEN jsonb_typeof(extra) = 'object' THEN extra ELSE '{}' END) AS e
            WHERE submission_id LIKE 'r%' AND e.key = ANY ($1) AND jsonb_typeof(e.value) <> 'null'`,
          [change.fields.map(({ field }) => field)],
        );
        expect(left).toBe(0);
        await runDown(app, change);
        expect(await hashOf(app)).toBe(before);
      }),
      propertyRuns(40),
    );
  }, 120_000);

  it('leave load_id and updated_at of the row unchanged', async () => {
    await app.profiles
      .untyped()
      .store([{ submission_id: 'a', ups: 5 }, { submission_id: 'b', ups: null }, { submission_id: 'c' }]);
    const before = await app.rows('SELECT load_id, updated_at, created_at FROM submissions ORDER BY submission_id');
    const versions = () => app.rows('SELECT submission_id, xmin FROM submissions ORDER BY 1');
    const [, b, c] = await versions();
    await runUp(app, promotion({ field: 'ups', column: 'ups', type: 'bigint' }));
    expect(await app.rows('SELECT load_id, updated_at, created_at FROM submissions ORDER BY submission_id')).toEqual(
      before,
    );
    expect(await app.rows('SELECT submission_id AS id, ups, extra FROM submissions ORDER BY 1')).toEqual([
      { id: 'a', ups: '5', extra: null },
      { id: 'b', ups: null, extra: { ups: null } },
      { id: 'c', ups: null, extra: null },
    ]);
    expect((await versions()).slice(1)).toEqual([b, c]);
    await runDown(app, promotion({ field: 'ups', column: 'ups', type: 'bigint' }));
  });

  it('keep in extra what does not fit or conflicts with another value, and count it', async () => {
    await insertExtras(app, ['{"n":1}', '{"n":"one"}', '{"n":1.5}', '{"n":null}', '{"n":9223372036854775808}']);
    const change = promotion({ field: 'n', column: 'n', type: 'bigint' });
    expect(await runUp(app, change)).toEqual([{ field: 'n', unfitting: 3, beside: 0, late: 0 }]);
    expect(logged).toHaveBeenLastCalledWith('submissions: extra keeps values of n: 3 that do not fit the column');
  });

  it('leave a NOT NULL extra column without a field, and not null', async () => {
    await app.rows(`ALTER TABLE submissions ALTER extra SET DEFAULT '{}', ALTER extra SET NOT NULL`);
    await insertExtras(app, ['{"n":1}', '{"n":2,"m":3}', '{}']);
    const before = await hashOf(app);
    const change = promotion({ field: 'n', column: 'n', type: 'bigint' });
    await runUp(app, change);
    expect(await app.rows('SELECT n, extra FROM submissions ORDER BY submission_id')).toEqual([
      { n: '1', extra: {} },
      { n: '2', extra: { m: 3 } },
      { n: null, extra: {} },
    ]);
    await runDown(app, change);
    expect(await hashOf(app)).toBe(before);
  });

  it('move newer values back too', async () => {
    await insertExtras(app, ['{"at":"2024-05-01T10:00:00Z","n":"x"}', '{"m":1}', '[]']);
    const change = promotion(
      { field: 'at', column: 'at', type: 'timestamptz', form: 'YYYY-MM-DDThh:mm:ssZ' },
      { field: 'n', column: 'n', type: 'bigint' },
    );
    await runUp(app, change);
    await app.rows(`UPDATE submissions SET n = 7, at = '2024-05-01T12:00:00.25+02:00' WHERE submission_id <> 'r3'`);
    await app.rows(`UPDATE submissions SET at = 'infinity' WHERE submission_id = 'r2'`);
    await runDown(app, change);
    expect((await stored()).map(({ extra }) => extra)).toEqual([
      // Digits that the format would lose are kept.
      { at: '2024-05-01T10:00:00.250000Z', n: 7 },
      { at: 'infinity', n: 7, m: 1 },
      [],
    ]);
  });

  it('move values back that are committed just before the table is locked', async () => {
    await insertExtras(app, ['{"n":1}']);
    const change = promotion({ field: 'n', column: 'n', type: 'bigint' });
    await runUp(app, change);
    const writer = app.dataSource.createQueryRunner();
    await writer.startTransaction();
    await writer.query(`INSERT INTO submissions (submission_id, reddit_id, n) VALUES ('r2', 'r2', 2)`);
    const down = runDown(app, change);
    try {
      await untilLockIsAwaited(app.rows);
    } finally {
      await writer.commitTransaction();
      await writer.release();
      await down;
    }
    expect((await stored()).map(({ extra }) => extra)).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('reject an existing column of another type, before anything is changed', async () => {
    await app.rows('ALTER TABLE submissions ADD n text');
    await insertExtras(app, ['{"n":1}']);
    const before = await hashOf(app);
    await expect(
      runUp(app, promotion({ field: 'm', column: 'm', type: 'text' }, { field: 'n', column: 'n', type: 'bigint' })),
    ).rejects.toMatchObject({ code: 'COLUMN_EXISTS', message: expect.stringContaining('column n of type text') });
    expect(await hashOf(app)).toBe(before);
  });

  it('resume after an interruption, both up and down', async () => {
    await insertExtras(
      app,
      Array.from({ length: 3_500 }, (_, n) => `{"n":${n}}`),
    );
    const before = await hashOf(app);
    const change = promotion({ field: 'n', column: 'n', type: 'bigint' });
    const counts = async () =>
      (await app.rows('SELECT count(n)::integer AS moved, count(extra)::integer AS kept FROM submissions'))[0];

    await cutAfter(2, () => runUp(app, change));
    expect(await counts()).toEqual({ moved: 2_000, kept: 1_500 });
    await runUp(app, change);
    expect(await counts()).toEqual({ moved: 3_500, kept: 0 });

    await cutAfter(1, () => runDown(app, change));
    expect(await counts()).toEqual({ moved: 2_500, kept: 1_000 });
    await runDown(app, change);
    expect(await hashOf(app)).toBe(before);
    await runDown(app, change);
  });
});

/** Lets the third connection's worth of row changes fail: the server rejects the update of a page after so many. */
async function cutAfter(pages: number, work: () => Promise<unknown>): Promise<void> {
  await app.rows(`
    CREATE SEQUENCE pages;
    CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF nextval('pages') > ${pages} THEN RAISE EXCEPTION 'cut' USING ERRCODE = 'P0001'; END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER cut BEFORE UPDATE ON submissions FOR EACH STATEMENT EXECUTE FUNCTION cut()`);
  try {
    await expect(work()).rejects.toMatchObject({ code: 'P0001' });
  } finally {
    await app.rows('DROP FUNCTION cut CASCADE; DROP SEQUENCE pages');
  }
}
