import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Column, Entity, PrimaryColumn, Unique, VersionColumn } from 'typeorm';

import { type Disposition, ExtraFields, InvalidLoadError, LoadId, type LoadOptions } from '../../src/index.js';
import { quarantined } from '../support/app/quarantine.js';
import type { StorageApp } from '../support/app/storage-app.js';
import { startCitusApp } from '../support/citus/citus-app.js';
import { whileOtherDoes } from '../support/database/lock-waits.js';
import { propertyRuns, sized } from '../support/sizes/sizes.js';

@Entity('goods')
class Good {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  v: string | null;

  @Column('text', { nullable: true, default: 'none' })
  d: string | null;

  @Column('numeric', { nullable: true })
  n: string | null;

  @Column('timestamptz', { nullable: true })
  at: Date | null;

  @Column('double precision', { nullable: true, array: true })
  list: number[] | null;

  @Column('json', { nullable: true })
  json: unknown;

  @Column('enum', { enum: ['red', 'blue'], nullable: true })
  color: string | null;

  @ExtraFields()
  @Column('jsonb', { default: {} })
  extra: object;

  @LoadId()
  @Column('uuid', { nullable: true })
  load: string | null;

  @VersionColumn()
  version: number;
}

/** Another unique key beside the one that is loaded by. */
@Entity('members')
@Unique('one_name', ['tenant', 'name'])
class Member {
  @PrimaryColumn('text')
  tenant: string;

  @PrimaryColumn('integer')
  number: number;

  @Column('text')
  name: string;
}

type Record = Readonly<globalThis.Record<string, unknown>>;

const ENTITIES = [Good, Member];
const fields = fc.record(
  {
    v: fc.constantFrom(null, '', 'a', '\\N', 'a\tb', 'bad'),
    d: fc.constantFrom(null, 'x', '\\'),
    n: fc.constantFrom(1, '1.0', '1.00', null),
    at: fc.constantFrom('2024-01-01T00:00:00.123456Z', new Date(0), null),
    list: fc.constantFrom([1, 0.5], [], null),
    json: fc.constantFrom({ a: 1 }, '[1]', null),
    color: fc.constantFrom('red', 'blue', null),
    more: fc.constantFrom('captured', 1, null),
  },
  { requiredKeys: [] },
);
const recordOf = fc
  .tuple(fc.integer({ min: 0, max: 12 }), fields)
  .map(([key, given]): Record => ({ id: `k${key}`, ...given }));
const load = fc.record({
  disposition: fc.constantFrom<Disposition>('merge', 'merge', 'merge', 'insert', 'update', 'append', 'replace'),
  columns: fc.constantFrom<LoadOptions>({}, {}, { updateColumns: ['d', 'extra'] }, { keepColumns: ['v', 'n'] }),
  records: fc.array(recordOf, { minLength: 1, maxLength: 12 }),
  /** With these the load is too large for one statement. */
  isLarge: fc.boolean(),
  deletes: fc.boolean(),
});
/** Of these, another transaction has changed the first row. */
const OVERLAPPING: Record[] = [
  { id: 'a', v: 'new', more: 1 },
  { id: 'b', v: 'new' },
];
type Load = typeof load extends fc.Arbitrary<infer T> ? T : never;
const padding = Array.from({ length: 210 }, (_, index): Record => ({ id: `p${index}`, v: `${index % 7}` }));

describe('loads of distributed tables', () => {
  let plain: StorageApp;
  let citus: StorageApp;
  beforeAll(async () => {
    plain = await startCitusApp(ENTITIES, null);
    citus = await startCitusApp(ENTITIES, { goods: 'id', members: 'tenant' }, { loader: { batchSize: 1000 } });
    for (const app of [plain, citus]) {
      await app.rows("ALTER TABLE goods ADD CONSTRAINT not_bad CHECK (v <> 'bad')");
      await app.rows('ALTER TABLE submissions ADD CONSTRAINT positive CHECK (reddit_score >= 0)');
    }
  });
  afterAll(async () => {
    await citus?.close();
    await plain?.close();
  });
  beforeEach(async () => {
    for (const app of [plain, citus]) {
      for (const table of ['goods', 'members', 'submissions', 'app_opportunities'])
        await app.rows(`DELETE FROM ${table}`);
    }
  });

  const both = async <T>(work: (app: StorageApp) => Promise<T>): Promise<{ onCitus: T; onPlain: T }> => ({
    onPlain: await work(plain),
    onCitus: await work(citus),
  });

  it('leaves what they leave on a plain server, with the same counts and rejected records, whatever the sequence', async () => {
    const runs = async (app: StorageApp, loads: readonly Load[]): Promise<unknown[]> => {
      await app.rows('DELETE FROM goods');
      const told: unknown[] = [];
      for (const { disposition, columns, records, isLarge, deletes } of loads) {
        const mayChange = /merge|update/.test(disposition);
        const marked = records.map((record, at) =>
          mayChange && deletes && at % 3 === 0 ? { ...record, gone: true } : record,
        );
        const options = {
          disposition,
          maxRejects: 1000,
          ...(mayChange && columns),
          ...(mayChange && deletes && { deleteWhen: 'gone' }),
          ...(disposition === 'replace' && { allowEmpty: true }),
        };
        const result = await app.loader.load(Good, [...marked, ...(isLarge ? padding : [])], options);
        const { received, inserted, updated, unchanged, duplicates, skipped, rejected, failed, deleted } = result;
        const rejects = await quarantined(app, result.loadId);
        told.push({
          counts: { received, inserted, updated, unchanged, duplicates, skipped, rejected, failed, deleted },
          rejects: rejects.map(({ position, reason, message }) => ({ position, reason, message })),
          rows: await app.rows(
            `SELECT id, v, d, n::text, at, list, json::text, color, extra, version, load = '${result.loadId}' AS ours FROM goods ORDER BY id`,
          ),
        });
      }
      return told;
    };
    await fc.assert(
      fc.asyncProperty(fc.array(load, { minLength: 1, maxLength: 4 }), async (loads) => {
        const { onCitus, onPlain } = await both((app) => runs(app, loads));
        expect(onCitus).toEqual(onPlain);
      }),
      propertyRuns(sized(15, 60)),
    );
  });

  it.each([30, 600])('does so for both tables of this package: %d records', async (size) => {
    const records = (round: number): Record[] =>
      Array.from({ length: size }, (_, index) => ({
        submission_id: `s${index}`,
        ...((index + round) % 3 > 0 && { title: `title ${round} ${index}` }),
        problem_description: `problem ${index}`,
        ...((index + round) % 2 > 0 && { created_utc: index % 4 === 0 ? null : 1_700_000_000 + index }),
        reddit_score: index % 97 === round ? -1 : index,
        unknown: { round },
      }));
    const told = await both(async (app) => {
      const results: unknown[] = [];
      for (const round of [0, 1, 2]) {
        for (const result of [
          await app.hybrid.store(records(round)),
          await app.profiles.store(records(round + 1), { maxRejects: 100 }),
          await app.opportunities.store(records(round), { maxRejects: 100 }),
        ]) {
          const { ok, received, rejected, rejects } = result;
          results.push({ ok, received, rejected, rejects });
        }
      }
      const content = (table: string) =>
        app.rows(
          `SELECT to_jsonb(t) - 'load_id' - 'created_at' - 'updated_at' AS row, created_at < updated_at AS changed FROM ${table} AS t ORDER BY submission_id`,
        );
      return [results, await content('submissions'), await content('app_opportunities')];
    });

    expect(told.onCitus).toEqual(told.onPlain);
  });

  it('returns the rows that are stored, with defaults', async () => {
    const { onCitus, onPlain } = await both(async ({ loader }) => {
      await loader.load(Good, [{ id: 'a', v: 'old', d: 'kept' }]);
      const { rows } = await loader.load(Good, [{ id: 'a', v: 'new' }, { id: 'b' }], {
        returning: ['v', 'd', 'version'],
      });
      return rows;
    });

    expect(onCitus).toEqual(onPlain);
  });

  it('rejects a row that takes a value of another unique key, which only a shard can tell', async () => {
    const { onCitus, onPlain } = await both(async (app) => {
      await app.loader.load(Member, [{ tenant: 't', number: 1, name: 'one' }]);
      const members = Array.from({ length: 6 }, (_, index) => ({ tenant: 't', number: index + 2, name: `${index}` }));
      const result = await app.loader.load(Member, [...members, { tenant: 't', number: 9, name: 'one' }], {
        maxRejects: 5,
      });
      const [reject] = await quarantined(app, result.loadId);
      return [result.inserted, result.rejected, reject?.position, reject?.reason, await app.count('members')];
    });

    expect(onCitus).toEqual(onPlain);
  });

  it('loses no update of another transaction that commits while it waits', async () => {
    await citus.loader.load(Good, [
      { id: 'a', v: 'old', d: 'old' },
      { id: 'b', v: 'old' },
    ]);
    const result = await whileOtherDoes(
      { dataSource: citus.dataSource, rows: (sql) => lockWaitsOnWorkers(citus, sql) },
      "UPDATE goods SET d = 'by other', extra = '{\"k\": 1}' WHERE id = 'a'",
      () => citus.loader.load(Good, OVERLAPPING),
    );

    expect(result).toMatchObject({ updated: 2, failed: 0 });
    expect(await citus.rows('SELECT id, v, d, extra FROM goods ORDER BY id')).toEqual([
      { id: 'a', v: 'new', d: 'by other', extra: { k: 1, more: 1 } },
      { id: 'b', v: 'new', d: 'none', extra: {} },
    ]);
  });

  it('counts every row once when two loads with crossing keys run at the same time', async () => {
    const keys = Array.from({ length: 400 }, (_, index) => `c${index}`);
    const records = (by: string): Record[] => keys.map((id) => ({ id, v: by, [`by ${by}`]: true }));
    const rounds = 3;
    for (let round = 0; round < rounds; round += 1) {
      const results = await Promise.all([
        citus.loader.load(Good, records(`a${round}`)),
        citus.loader.load(Good, records(`b${round}`).toReversed()),
      ]);
      expect(results.map(({ ok, failed, inserted, updated }) => [ok, failed, inserted + updated])).toEqual([
        [true, 0, keys.length],
        [true, 0, keys.length],
      ]);
      expect(results[0].inserted + results[1].inserted).toBe(round === 0 ? keys.length : 0);
    }
    expect(
      await citus.rows(
        `SELECT DISTINCT version, ARRAY(SELECT jsonb_object_keys(extra) ORDER BY 1) AS extra FROM goods`,
      ),
    ).toEqual([{ version: 2 * rounds, extra: ['by a0', 'by a1', 'by a2', 'by b0', 'by b1', 'by b2'] }]);
  });

  it('refuses what no shard can do before anything is written', async () => {
    const byOther = citus.loader.load(Member, [{ tenant: 't', number: 1, name: 'n' }], { primaryKey: ['name'] });
    await expect(byOther).rejects.toThrow(InvalidLoadError);
  });
});

/** What waits for a lock anywhere in the cluster: `whileOtherDoes` asks the coordinator. */
async function lockWaitsOnWorkers<T>(app: StorageApp, sql: string): Promise<T[]> {
  const waiting = await app.rows<{ n: string }>(
    `SELECT result AS n FROM run_command_on_workers($$SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()$$)`,
  );
  return waiting.some(({ n }) => Number(n) > 0) ? app.rows<T>('SELECT 1') : app.rows<T>(`${sql} AND false`);
}
