import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ClientBase } from 'pg';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { foldDuplicates } from '../../../../src/loader/merge/fold-duplicates.js';
import { halveUnits } from '../../../../src/loader/isolate/halve-units.js';
import { Evidence } from '../../../../src/loader/model/evidence.js';
import type { LoadJob } from '../../../../src/loader/model/load-job.js';
import { entityJob } from '../../../../src/loader/plan/entity-job.js';
import { resolveLoadOptions } from '../../../../src/loader/model/load-options.js';
import type { Disposition } from '../../../../src/results/load-result.js';
import type { LoadUnit } from '../../../../src/loader/model/load-unit.js';
import { BatchBuilder } from '../../../../src/loader/read/batch-builder.js';
import { addOutcomes, emptyOutcome, type WriteOutcome } from '../../../../src/loader/write/write-outcome.js';
import type { WriteContext } from '../../../../src/loader/model/load-context.js';
import { writeFolded } from '../../../../src/loader/isolate/write-folded.js';
import { writeUnits } from '../../../../src/loader/isolate/write-units.js';
import { withClient } from '../../../../src/postgres/with-client.js';
import { LoadObservers } from '../../../../src/stats/observe/load-observers.js';
import type { RejectedRecord } from '../../../../src/quarantine/rejected-records.js';
import { livePlanOf } from '../../../support/entities/plans.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

@Entity('items')
class Item {
  @PrimaryColumn('text')
  id: string;

  @Column('text')
  note: string;

  @Column('text', { nullable: true })
  name: string | null;

  @Column('int4range', { nullable: true })
  span: string | null;

  @Column('money', { nullable: true })
  price: string | null;

  @Column('enum', { enum: ['raw', 'done'], enumName: 'item_kind', nullable: true })
  kind: string | null;

  @Column('integer', { default: 1 })
  level: number;

  @Column('text', { nullable: true, unique: true })
  code: string | null;

  @Column('text', { nullable: true })
  shelf: string | null;
}

type ItemRecord = Record<string, unknown> & { readonly id: string };
type Write = (client: ClientBase, context: WriteContext, units: readonly LoadUnit[]) => Promise<WriteOutcome>;

/** Fields that Postgres rejects, each for another reason, and good ones. */
const fields = fc.record(
  {
    note: fc.constantFrom('n', 'm'),
    name: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('a', 'b', null) }, fc.constant('boom')),
    span: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('[1,2)', null) }, fc.constant('[2,1)')),
    price: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('1.5', '2', null) }, fc.constant('9999999999999999999')),
    kind: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('raw', 'done', null) }, fc.constant('unheard of')),
    level: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(0, 3) }, fc.constant(4)),
    shelf: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('top', null) }, fc.constant('nowhere')),
  },
  { requiredKeys: [] },
);
/** What the fields are rejected for. */
const REASONS = ['22000', '22003', '22023', '22P02', '23502', '23503', '23505', '23514'];

/** A record for each of these reasons; the first run of a property has them all. */
const EVERY_FAULT: ItemRecord[] = [
  { id: 'k20', note: 'n', price: '9999999999999999999' },
  { id: 'k21', note: 'n', name: 'boom' },
  { id: 'k22', note: 'n', span: '[2,1)' },
  { id: 'k23', note: 'n', kind: 'unheard of' },
  { id: 'k24' },
  { id: 'k25', note: 'n', shelf: 'nowhere' },
  { id: 'k26', note: 'n', code: 'stored 1' },
  { id: 'k27', note: 'n', level: 4 },
];

/** Values of the second key, one of them stored. */
const fought = ['x', 'y', 'z', 'stored 1'];

/** A record; keys 0 to 9 are stored, and only new ones carry the second key. */
const recordWith = (key: fc.Arbitrary<number>, codes: readonly string[]) =>
  fc
    .tuple(key, fields, fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, fc.constantFrom(...codes)))
    .map(([number, given, code]): ItemRecord => {
      const id = `k${number}`;
      return number < 10 || code === undefined ? { id, ...given } : { id, code, ...given };
    });
const differentKeys = fc
  .uniqueArray(fc.integer({ min: 0, max: 29 }), { minLength: 1, maxLength: 25 })
  .chain((keys) => fc.tuple(...keys.map((key) => recordWith(fc.constant(key), fought))));
// One that waits for what it refers to loses a fight for the second key, though it came first.
const anyKeys = fc.array(recordWith(fc.integer({ min: 5, max: 14 }), ['stored 1']), { minLength: 1, maxLength: 25 });
const stored: readonly ItemRecord[] = Array.from({ length: 10 }, (_, id) => ({
  id: `k${id}`,
  note: 'before',
  name: 'a',
  code: `stored ${id}`,
}));
/** Good rows that make a batch large enough for COPY. */
const padding: readonly ItemRecord[] = Array.from({ length: 300 }, (_, id) => ({ id: `p${id}`, note: 'padding' }));

describe('records rejected among others', () => {
  let app: StorageApp;
  const jobs = new Map<Disposition, LoadJob>();
  beforeAll(async () => {
    app = await startAppWith([Item]);
    await app.rows(`
      CREATE TABLE shelves (name text PRIMARY KEY);
      INSERT INTO shelves VALUES ('top');
      ALTER TABLE items ADD CONSTRAINT low CHECK (level <= 3), ADD CONSTRAINT on_shelf FOREIGN KEY (shelf) REFERENCES shelves;
      CREATE FUNCTION boom() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'not %', NEW.name USING ERRCODE = '22023', CONSTRAINT = 'no_boom'; END $$;
      CREATE TRIGGER boom AFTER INSERT OR UPDATE ON items FOR EACH ROW WHEN (NEW.name = 'boom') EXECUTE FUNCTION boom();
    `);
    const plan = await livePlanOf(app.dataSource, Item);
    for (const disposition of ['merge', 'append'] as const) {
      jobs.set(disposition, entityJob(plan, resolveLoadOptions({ disposition }, 1000), 'reject'));
    }
  });
  afterAll(() => app.close());

  const together: Write = (client, context, units) => writeUnits(client, context, units, 1);
  const halved: Write = (client, context, units) => {
    const folded = context.job.options.disposition === 'merge' ? foldDuplicates(units, context.job.targets) : units;
    return writeFolded(client, context.job, folded, (some) => halveUnits(client, context, some));
  };
  const oneByOne: Write = async (client, context, units) => {
    let outcome = emptyOutcome(context.job);
    const alone = units.filter(({ key }) => !key?.startsWith('p')).map((unit) => [unit]);
    for (const some of [...alone, units.filter(({ key }) => key?.startsWith('p'))]) {
      outcome = addOutcomes(outcome, await together(client, context, some));
    }
    return outcome;
  };

  /** What becomes of records in a table that has some; then all is taken back. */
  async function outcomeOf(
    client: ClientBase,
    disposition: Disposition,
    write: Write,
    records: readonly ItemRecord[],
  ): Promise<{ counts: object; content: unknown[]; rejected: Omit<RejectedRecord, 'source'>[] }> {
    const job = jobs.get(disposition) as LoadJob;
    const unitsOf = (input: readonly ItemRecord[]): readonly LoadUnit[] => {
      const batch = new BatchBuilder(job);
      input.forEach((record, position) => batch.add(record, position));
      const { units, rejected } = batch.end({
        batchNo: 0,
        firstPosition: 0,
        endPosition: input.length,
        received: input.length,
      });
      expect(rejected).toEqual([]);
      return units;
    };
    const context = {
      job,
      loadId: randomUUID(),
      maxRejects: Infinity,
      sharesTables: false,
      evidence: new Evidence([false]),
      observers: new LoadObservers(),
      plansAreFresh: true,
    };
    await client.query('BEGIN');
    try {
      await together(client, context, unitsOf(stored));
      const { rejected, ...counts } = await write(client, context, unitsOf(records));
      const content = await client.query('SELECT * FROM items ORDER BY id COLLATE "C"');
      return {
        counts,
        content: content.rows,
        rejected: rejected
          .map(({ position, key, rejection }) => ({ position, key, rejection }))
          .toSorted((a, b) => a.position - b.position),
      };
    } finally {
      await client.query('ROLLBACK');
    }
  }

  describe.each(['merge', 'append'] as const)('by %s', (disposition) => {
    it.each([
      ['few', []],
      ['many, which are copied', padding],
    ])(
      'are those that are rejected alone, among %s',
      async (_, others) => {
        const reasons = new Set<string>();
        await withClient(app.dataSource, (client) =>
          fc.assert(
            fc.asyncProperty(differentKeys, fc.nat(others.length), async (records, place) => {
              const input = [...others.slice(0, place), ...records, ...others.slice(place)];
              const expected = await outcomeOf(client, disposition, oneByOne, input);
              expect(await outcomeOf(client, disposition, together, input)).toEqual(expected);
              expected.rejected.forEach(({ rejection }) => reasons.add(rejection.rule));
            }),
            { ...propertyRuns(others.length > 0 ? 100 : 150), examples: [[EVERY_FAULT, 0]] },
          ),
        );
        expect([...reasons].sort()).toEqual(REASONS);
      },
      240_000,
    );

    it('are those that halving finds, also among duplicates', async () => {
      await withClient(app.dataSource, (client) =>
        fc.assert(
          fc.asyncProperty(anyKeys, async (records) => {
            const expected = await outcomeOf(client, disposition, halved, records);
            expect(await outcomeOf(client, disposition, together, records)).toEqual(expected);
          }),
          propertyRuns(150),
        ),
      );
    }, 240_000);

    it('are those that are rejected alone, also among duplicates, whatever a later record overwrites', async () => {
      await withClient(app.dataSource, (client) =>
        fc.assert(
          fc.asyncProperty(anyKeys, async (records) => {
            const { content, rejected } = await outcomeOf(client, disposition, oneByOne, records);
            expect(await outcomeOf(client, disposition, together, records)).toMatchObject({ content, rejected });
          }),
          propertyRuns(100),
        ),
      );
    }, 240_000);
  });
});
