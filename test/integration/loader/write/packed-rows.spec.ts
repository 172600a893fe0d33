import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { ExtraFields, type LoadResult } from '../../../../src/index.js';
import { PackedRow } from '../../../../src/loader/model/packed-row.js';
import { quarantined } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { sized } from '../../../support/sizes/sizes.js';

@Entity('parcels')
class Parcel {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  v: string | null;

  @Column('double precision', { nullable: true, default: 5 })
  n: number | null;

  @Column('timestamptz', { nullable: true })
  at: Date | null;

  @Column('jsonb', { nullable: true })
  j: unknown;

  @ExtraFields()
  @Column('jsonb', { nullable: true })
  extra: unknown;
}

const hostile = fc.constantFrom(null, '', 'a', '\\N', '\\.', '\\D', 'a\tb', 'a\r\nb', '\\', '\u{1f600}', '{}');
const all: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  v: fc.oneof({ weight: 60, arbitrary: hostile }, { weight: 1, arbitrary: fc.constant('bad') }),
  n: fc.constantFrom(0, -0.5, 1e300, null),
  at: fc.constantFrom(new Date(0), new Date(1), null),
  j: fc.constantFrom<unknown>(null, [], { a: '\\\n' }, ['\t']),
  more: hostile,
};
/** Records with the same fields, and often with the same key. */
const alike = fc.subarray(Object.keys(all), { minLength: 1 }).chain((names) =>
  fc.array(
    fc.record({
      id: fc.nat(600).map((key) => `k${key}`),
      ...Object.fromEntries(names.map((name) => [name, all[name] as fc.Arbitrary<unknown>])),
    }),
    { minLength: 250, maxLength: 250, size: 'max' },
  ),
);
/** So few are not packed. */
const FEW = 125;

describe('rows that COPY takes as their batch holds them', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Parcel]);
    await app.rows("ALTER TABLE parcels ADD CHECK (v <> 'bad')");
  });
  afterAll(() => app.close());

  const content = () => app.rows('SELECT id, v, n, at, j, extra FROM parcels ORDER BY id');
  async function rejectedIn({ loadId }: LoadResult): Promise<unknown[]> {
    return (await quarantined(app, loadId)).map(({ raw, key, reason }) => ({ raw: String(raw), key, reason }));
  }

  async function loadedIn(records: readonly object[], size: number): Promise<unknown> {
    const rejected: unknown[] = [];
    for (let start = 0; start < records.length; start += size) {
      const result = await app.loader.load(Parcel, records.slice(start, start + size), { maxRejects: 1000 });
      rejected.push(...(await rejectedIn(result)));
    }
    return { rejected, content: await content() };
  }

  it('are what they are when few come at a time: new, changed, folded and rejected ones', async () => {
    await fc.assert(
      fc.asyncProperty(alike, alike, async (first, second) => {
        const byFew: unknown[] = [];
        const together: unknown[] = [];
        await app.rows('DELETE FROM parcels');
        for (const records of [first, second]) byFew.push(await loadedIn(records, FEW));
        await app.rows('DELETE FROM parcels');
        for (const records of [first, second]) together.push(await loadedIn(records, records.length));
        expect(together).toEqual(byFew);
      }),
      { numRuns: sized(1, 20) },
    );
  });

  it.each(['new', 'changed'])('are not read again: %s', async (v) => {
    const read = jest.spyOn(PackedRow.prototype, 'values', 'get');
    const records = Array.from({ length: 250 }, (_, index) => ({ id: `p${index}`, v, j: { a: '\\' }, more: index }));
    const { inserted, updated } = await app.loader.load(Parcel, records);
    expect([inserted + updated, read.mock.calls.length]).toEqual([250, 0]);
    read.mockRestore();
  });
});
