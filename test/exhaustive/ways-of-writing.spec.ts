import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Column, Entity, PrimaryColumn, VersionColumn } from 'typeorm';

import { type Disposition, ExtraFields, LoadId, type LoadOptions } from '../../src/index.js';
import { quarantined } from '../support/app/quarantine.js';
import type { StorageApp } from '../support/app/storage-app.js';
import { traceStatements } from '../support/app/writer-trace.js';
import { whileOtherDoes } from '../support/database/lock-waits.js';
import { startAppWith } from '../support/entities/own-entities.js';
import { propertyRuns } from '../support/sizes/sizes.js';

@Entity('goods')
class Good {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  v: string | null;

  @Column('text', { nullable: true, default: 'none' })
  d: string | null;

  @Column('double precision', { nullable: true })
  n: number | null;

  @Column('timestamptz', { nullable: true })
  at: Date | null;

  @ExtraFields()
  @Column('jsonb', { default: {} })
  extra: object;

  @LoadId()
  @Column('uuid', { nullable: true })
  load: string | null;

  @VersionColumn()
  version: number;
}

type GoodRecord = Readonly<Record<string, unknown>>;

const hostile = fc.constantFrom(null, '', 'a', '\\N', '\\.', '\\D', 'a\tb', 'a\r\nb', '\\', '\u{1f600}', '{}', 'NULL');
const fields = fc.record(
  {
    v: fc.oneof({ weight: 6, arbitrary: hostile }, { weight: 1, arbitrary: fc.constant('bad') }),
    d: hostile,
    n: fc.constantFrom(0, -0.5, 1e300, null),
    at: fc.constantFrom('2024-01-01T00:00:00.123456Z', new Date(0), null),
    more: hostile,
  },
  { requiredKeys: [] },
);
const KEYS = 8;
const recordOf = (keys: number): fc.Arbitrary<GoodRecord> =>
  fc.tuple(fc.integer({ min: 0, max: keys - 1 }), fields).map(([key, given]) => ({ id: `k${key}`, ...given }));
const good = ({ v }: GoodRecord): boolean => v !== 'bad';

/** What another transaction inserts while the load runs; its record in the load has no fault, and so meets the lock. */
const OTHERS = { id: 'other', v: 'by other', d: 'kept' };
const OTHERS_ROW = "INSERT INTO goods (id, v, d, version) VALUES ('other', 'by other', 'kept', 1)";
const loads = fc.record({
  disposition: fc.constantFrom<Disposition>('merge', 'merge', 'insert', 'update', 'append'),
  /** Of a merge or update. */
  columns: fc.constantFrom<LoadOptions>({}, {}, { updateColumns: ['d', 'extra'] }, { keepColumns: ['v', 'n'] }),
  stored: fc.array(recordOf(KEYS).filter(good), { maxLength: 6 }),
  incoming: fc.array(recordOf(KEYS), { maxLength: 10 }),
  others: fields.filter(good),
  place: fc.nat(10),
  /** The records whose rows a merge or update deletes, by their place modulo 3; 3: none. */
  gone: fc.integer({ min: 0, max: 5 }).map((rest) => Math.min(rest, 3)),
});

const PADDING = 210;
const padding = Array.from({ length: PADDING }, (_, index) => ({ id: `p${index}`, v: 'padding' }));

/** How each way is chosen; `stored` is what the table holds beside the rows of the load. */
const WAYS: Readonly<Record<string, { records: GoodRecord[]; stored: GoodRecord[]; options?: () => LoadOptions }>> = {
  'one flight': { records: [], stored: [] },
  unnest: { records: [], stored: [], options: () => ({ loadKey: crypto.randomUUID() }) },
  staged: { records: padding, stored: padding },
  direct: { records: padding, stored: [] },
};

/** Partitions, one of them partitioned itself, and one whose columns stand in another order. */
const PARTITIONED = `
  ALTER TABLE goods RENAME TO plain;
  CREATE TABLE goods (LIKE plain INCLUDING ALL) PARTITION BY HASH (id);
  DROP TABLE plain;
  CREATE TABLE goods_0 PARTITION OF goods FOR VALUES WITH (MODULUS 4, REMAINDER 0);
  CREATE TABLE goods_1 PARTITION OF goods FOR VALUES WITH (MODULUS 4, REMAINDER 1);
  CREATE TABLE goods_2 PARTITION OF goods FOR VALUES WITH (MODULUS 4, REMAINDER 2) PARTITION BY LIST (id);
  CREATE TABLE goods_2a PARTITION OF goods_2 FOR VALUES IN ('k1', 'k2', 'k3', 'other');
  CREATE TABLE goods_2b PARTITION OF goods_2 DEFAULT;
  CREATE TABLE goods_3 (gone integer, version integer NOT NULL, load uuid, extra jsonb NOT NULL, at timestamptz, n double precision,
    d text, v text CONSTRAINT goods_v_check CHECK (v <> 'bad'), id text NOT NULL);
  ALTER TABLE goods_3 DROP gone;
  ALTER TABLE goods ATTACH PARTITION goods_3 FOR VALUES WITH (MODULUS 4, REMAINDER 3)`;

describe.each([
  ['a plain table', '', 200],
  ['a partitioned table', PARTITIONED, 100],
])('each way of writing into %s', (_, change, runs) => {
  let app: StorageApp;
  let sent: Record<string, { count: number }>;
  beforeAll(async () => {
    app = await startAppWith([Good]);
    await app.rows("ALTER TABLE goods ADD CONSTRAINT goods_v_check CHECK (v <> 'bad')");
    await app.rows(change);
    sent = {
      'one flight': traceStatements(app, /AS MATERIALIZED \(SELECT \*, CASE WHEN /),
      unnest: traceStatements(app, /^WITH incoming[^]*FROM unnest/),
      staged: traceStatements(app, /^COPY pg_temp.*harbor_staging/),
      direct: traceStatements(app, /^COPY "public"\."goods"/),
    };
  });
  afterAll(() => app.close());

  const content = (columns: string) => app.rows(`SELECT ${columns} FROM goods WHERE id NOT LIKE 'p%' ORDER BY id`);
  const VALUES = 'id, v, d, n, at, extra';
  const written = (loadId: string) => content(`id, load IS NOT DISTINCT FROM '${loadId}' AS ours, version`);

  async function prepare(stored: readonly GoodRecord[]): Promise<void> {
    await app.rows('DELETE FROM goods');
    if (stored.length > 0) await app.loader.load(Good, [...stored]);
  }

  /** Each record for itself: the table, and the places of those that were rejected. */
  async function byOne(records: readonly GoodRecord[], ofLoad: LoadOptions) {
    const rejected: number[] = [];
    for (const [position, record] of records.entries()) {
      const result = await app.loader.load(Good, [record], { ...ofLoad, maxRejects: 1 });
      if (result.rejected > 0) rejected.push(position);
    }
    return { rejected, content: await content(VALUES) };
  }

  it.each(Object.keys(WAYS).flatMap((way) => [false, true].map((isRaced) => ({ way, isRaced }))))(
    'leaves what single records leave: $way, another inserts a key meanwhile: $isRaced',
    async ({ way, isRaced }) => {
      const how = WAYS[way] as (typeof WAYS)[string];
      let taken = 0;
      await fc.assert(
        fc.asyncProperty(loads, async ({ disposition, columns, stored, incoming, others, place, gone }) => {
          const deletes = /merge|update/.test(disposition) && gone < 3;
          const marked = incoming.map((record, at) =>
            deletes && at % 3 === gone ? { ...record, gone: true } : record,
          );
          const records = marked.toSpliced(place, 0, { id: OTHERS.id, ...others });
          const deletion = deletes ? { deleteWhen: 'gone' } : {};
          const ofLoad = { disposition, ...(/merge|update/.test(disposition) && columns), ...deletion };
          // An append has no stored rows to fill up with.
          const isAppend = disposition === 'append';
          if (isAppend && way === 'staged') return;
          // An update does not see what another has not committed, and waits for nothing.
          if (disposition === 'update' && isRaced) return;
          await prepare([...stored, ...(isRaced ? [OTHERS] : [])]);
          const expected = await byOne(records, ofLoad);
          const counted = await countsByFlight(records, ofLoad, stored, isRaced);

          await prepare([...stored, ...how.stored]);
          Object.values(sent).forEach((statements) => (statements.count = 0));
          const options = { ...ofLoad, maxRejects: 1000, ...how.options?.() };
          const load = () => app.loader.load(Good, [...records, ...how.records], options);
          const result = await (isRaced ? whileOtherDoes(app, OTHERS_ROW, load) : load());
          taken += (sent[way] as { count: number }).count;

          const rejected = (await quarantined(app, result.loadId)).map(({ position }) => position);
          expect({ rejected, content: await content(VALUES) }).toEqual(expected);
          const more = how.records.length;
          const { inserted, unchanged, skipped, ...counts } = countsOf(result);
          const isNew = how.stored.length === 0;
          expect({
            ...counts,
            inserted: inserted - (isNew && disposition !== 'update' ? more : 0),
            skipped: skipped - (isNew && disposition === 'update' ? more : 0),
            unchanged: unchanged - (isNew ? 0 : more),
          }).toEqual(counted.counts);
          expect(await written(result.loadId)).toEqual(counted.written);
        }),
        propertyRuns(runs),
      );
      expect(taken).toBeGreaterThan(0);
    },
    300_000,
  );

  const countsOf = ({
    inserted,
    updated,
    unchanged,
    deleted,
    duplicates,
    skipped,
    rejected,
    retries,
  }: Awaited<ReturnType<typeof app.loader.load>>) => ({
    inserted,
    updated,
    unchanged,
    deleted,
    duplicates,
    skipped,
    rejected,
    retries,
  });

  /** What the same records say and write in one small load, alone. */
  async function countsByFlight(
    records: readonly GoodRecord[],
    ofLoad: LoadOptions,
    stored: readonly GoodRecord[],
    isRaced: boolean,
  ) {
    await prepare([...stored, ...(isRaced ? [OTHERS] : [])]);
    const result = await app.loader.load(Good, [...records], { ...ofLoad, maxRejects: 1000 });
    return {
      counts: countsOf(result),
      written: await written(result.loadId),
    };
  }
});
