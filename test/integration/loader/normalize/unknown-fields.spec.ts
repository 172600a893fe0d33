import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { ExtraFields, InvalidLoadError, type LoadResult, OnUnknownFields } from '../../../../src/index.js';
import { ODD_NAMES, withOddNames } from '../../../support/entities/odd-names.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { sized } from '../../../support/sizes/sizes.js';

abstract class Note {
  @PrimaryColumn('text')
  id: string;

  @ExtraFields()
  @Column('jsonb', { nullable: true })
  extra: Record<string, unknown> | null;
}

@Entity('keeping')
@OnUnknownFields('capture')
class Keeping extends Note {}

@Entity('dropping')
@OnUnknownFields('discard')
class Dropping extends Note {}

@Entity('rejecting')
@OnUnknownFields('reject')
class Rejecting extends Note {}

@Entity('plain')
class Plain extends Note {}

@Entity('nowhere')
@OnUnknownFields('capture')
class Nowhere {
  @PrimaryColumn('text')
  id: string;
}

const ENTITIES = [Keeping, Dropping, Rejecting, Plain, Nowhere];
const OF_EACH = Object.fromEntries(ODD_NAMES.map((name, index) => [name, index] as const));

describe('fields no column knows', () => {
  let app: StorageApp;
  beforeEach(async () => {
    app = await startAppWith(ENTITIES, { loader: { parallelism: 1, maxAttempts: 1 } });
  });
  afterEach(() => app.close());

  const kept = async ({ loadId }: LoadResult): Promise<unknown> =>
    (await app.rows('SELECT unknown_fields, unknown_fields_policy FROM storage_loads WHERE id = $1', [loadId]))[0];

  // One is written by parameters, the other by COPY.
  describe.each(sized([3], [3, 500]))('of odd names, in %d records', (count) => {
    const records = Array.from({ length: count }, (_, index) => withOddNames({ id: `k${index}` }));

    it('are captured under their names, never merged into one', async () => {
      const result = await app.loader.load(Keeping, records);
      expect(result).toMatchObject({ ok: true, inserted: count });
      const rows = await app.rows<{ same: boolean }>(
        'SELECT extra = $1::jsonb AS same, count(*)::integer AS n FROM keeping GROUP BY 1',
        [JSON.stringify(OF_EACH)],
      );
      expect(rows).toEqual([{ same: true, n: count }]);

      const merged = await app.loader.load('keeping', [{ id: 'k0', flair: 'new' }]);
      expect(merged).toMatchObject({ updated: 1 });
      const [row] = await app.rows<{ extra: object }>(`SELECT extra FROM keeping WHERE id = 'k0'`);
      expect(Object.entries(row?.extra ?? {}).sort()).toEqual(Object.entries({ ...OF_EACH, flair: 'new' }).sort());
    });

    it('are counted by name, in the result and in the history', async () => {
      const result = await app.loader.load(Keeping, records);
      expect(Object.getPrototypeOf(result.unknownFields)).toBeNull();
      const names = Object.keys(result.unknownFields);
      expect(names.filter((name) => !name.startsWith('(others)…')).sort()).toEqual(
        ODD_NAMES.filter((name) => name !== '(others)').sort(),
      );
      expect(names).toHaveLength(ODD_NAMES.length);
      expect(new Set(Object.values(result.unknownFields))).toEqual(new Set([count]));
      expect(Object.hasOwn(result.unknownFields, '__proto__')).toBe(true);
      expect(await kept(result)).toEqual({
        unknown_fields: { ...result.unknownFields },
        unknown_fields_policy: 'capture',
      });
    });

    it('are dropped and counted', async () => {
      const result = await app.loader.load(Dropping, records);
      expect(result).toMatchObject({ ok: true, inserted: count });
      expect(Object.keys(result.discardedFields)).toHaveLength(ODD_NAMES.length);
      expect(result.discardedFields).toEqual(result.unknownFields);
      expect(await app.rows('SELECT DISTINCT extra FROM dropping')).toEqual([{ extra: null }]);
      expect(await kept(result)).toMatchObject({ unknown_fields_policy: 'discard' });
    });

    it('are rejected by name', async () => {
      const result = await app.loader.load(Rejecting, records);
      expect(result).toMatchObject({ rejected: count, inserted: 0 });
      expect(result.rejects[0]?.message).toContain('"__proto__", "constructor"');
      expect(await app.count('rejecting')).toBe(0);
      const single = await app.loader.load(Rejecting, [
        Object.fromEntries([
          ['id', 'a'],
          ['__proto__', 1],
        ]),
      ]);
      expect(single.rejects).toMatchObject([{ reason: 'unknown_field', message: 'no column takes "__proto__"' }]);
    });
  });

  it('are settled by the entity, and by the module where the entity says nothing', async () => {
    const record = { id: 'a', mood: 'good' };
    expect(await app.loader.load(Dropping, [record])).toMatchObject({ inserted: 1, discardedFields: { mood: 1 } });
    expect(await app.loader.load(Plain, [record])).toMatchObject({ unknownFields: { mood: 1 }, discardedFields: {} });
    await app.close();
    app = await startAppWith(ENTITIES, { unknownFields: 'reject' });
    expect(await app.loader.load(Dropping, [record])).toMatchObject({ inserted: 1, discardedFields: { mood: 1 } });
    expect(await app.loader.load(Keeping, [record])).toMatchObject({ inserted: 1, discardedFields: {} });
    expect(await app.loader.load(Plain, [record])).toMatchObject({ rejected: 1, unknownFields: {} });
  });

  it('cannot be captured by an entity that has no column for them', async () => {
    const load = app.loader.load(Nowhere, [{ id: 'a' }]);
    await expect(load).rejects.toThrow(InvalidLoadError);
    await expect(load).rejects.toThrow('@ExtraFields()');
  });

  it('are counted in what is committed, and in nothing else', async () => {
    await app.rows(`
      CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'in the way' USING ERRCODE = 'serialization_failure'; END $$;
      CREATE TRIGGER collide BEFORE INSERT ON keeping
        FOR EACH ROW WHEN (NEW.id = 'k15') EXECUTE FUNCTION collide()`);
    const records = Array.from({ length: 30 }, (_, index) => ({
      id: `k${index}`,
      mood: 1,
      ...(index > 12 && { late: 1 }),
    }));
    const result = await app.loader.loadBatch(Keeping, records, { batchSize: 10 });
    expect(result).toMatchObject({ inserted: 20, failed: 10, unknownFields: { mood: 20, late: 10 } });
    expect(await kept(result)).toEqual({
      unknown_fields: { mood: 20, late: 10 },
      unknown_fields_policy: 'capture',
    });
  });

  it('are counted once in a load that is cut off and goes on, and in the one that finds it done', async () => {
    const records = Array.from({ length: 30 }, (_, index) => ({ id: `k${index}`, mood: 1 }));
    async function* broken(): AsyncGenerator<object> {
      yield* records.slice(0, 25);
      throw new Error('the source broke off');
    }
    const options = { batchSize: 10, loadKey: 'once' };
    await expect(app.loader.loadBatch(Keeping, broken(), options)).rejects.toThrow('reading its records failed');
    expect(await app.rows('SELECT unknown_fields FROM storage_loads')).toEqual([{ unknown_fields: { mood: 20 } }]);
    const resumed = await app.loader.loadBatch(Keeping, records, options);
    expect(resumed).toMatchObject({ received: 30, receivedEarlier: 20, inserted: 30, unknownFields: { mood: 30 } });
    const replayed = await app.loader.loadBatch(Keeping, records, options);
    expect(replayed).toMatchObject({ alreadyCompleted: true, unknownFields: { mood: 30 } });
    expect(await kept(resumed)).toMatchObject({ unknown_fields: { mood: 30 } });
  });

  it('are counted in a replace and in a hybrid load', async () => {
    const records = [
      { id: 'a', mood: 1 },
      { id: 'b', mood: 1, late: 2 },
    ];
    const replaced = await app.loader.loadBatch(Plain, records, { disposition: 'replace', batchSize: 1 });
    expect(replaced).toMatchObject({ inserted: 2, unknownFields: { mood: 2, late: 1 } });
    expect(await kept(replaced)).toMatchObject({ unknown_fields: { mood: 2, late: 1 } });

    const hybrid = await app.hybrid
      .untyped()
      .store([{ submission_id: 'a', app_name: 'known to the other table', mood: 1 }]);
    expect(hybrid.unknownFields).toEqual({ mood: 1 });
  });

  it('leave no trace where there are none', async () => {
    const result = await app.loader.load(Plain, [{ id: 'a' }]);
    expect(result.unknownFields).toEqual({});
    expect(await kept(result)).toEqual({ unknown_fields: null, unknown_fields_policy: null });
  });

  it('of any number and length do not bloat the history', async () => {
    const long = 'n'.repeat(10_000_000);
    const many = Array.from({ length: 40 }, (_, index) => ({
      id: `k${index}`,
      ...Object.fromEntries(Array.from({ length: 50 }, (_field, field) => [`f${index * 50 + field}`, 1] as const)),
    }));
    const records = [{ id: 'a', [`${long}1`]: 1, [`${long}2`]: 1 }, ...many];
    const result = await app.loader.loadBatch(Dropping, records, { batchSize: 5 });
    expect(result).toMatchObject({ inserted: 41, ok: true });
    const names = Object.keys(result.unknownFields);
    expect(names).toHaveLength(1_001);
    expect(result.unknownFields['(others)']).toBe(2_002 - 1_000);
    expect(names.filter((name) => name.startsWith('nnn'))).toHaveLength(2);
    expect(Object.values(result.unknownFields).reduce((sum, count) => sum + count)).toBe(2_002);
    const [size] = await app.rows<{ bytes: number }>(
      'SELECT octet_length(unknown_fields::text) AS bytes FROM storage_loads WHERE id = $1',
      [result.loadId],
    );
    expect(size?.bytes).toBeLessThan(20_000);
  });
});
