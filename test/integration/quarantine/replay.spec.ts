import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { NewerBy, QuarantineService } from '../../../src/index.js';
import { startAppWith } from '../../support/entities/own-entities.js';
import { emptyTables } from '../../support/app/quarantine.js';
import type { StorageApp } from '../../support/app/storage-app.js';

@Entity('replay_parents')
class Parent {
  @PrimaryColumn('text')
  id: string;
}

@Entity('replay_prices')
class Price {
  @PrimaryColumn('text')
  sku: string;

  @Column('text', { unique: true, nullable: true })
  ean: string | null;

  @Column('text', { nullable: true })
  parent: string | null;

  @NewerBy()
  @Column('timestamptz', { nullable: true })
  seenAt: Date | null;

  @Column('bytea', { nullable: true })
  picture: Buffer | null;
}

@Entity('replay_events')
class Event {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  parent: string | null;

  @Column('integer', { nullable: true })
  size: number | null;
}

describe('a replay', () => {
  let app: StorageApp;
  let quarantine: QuarantineService;
  beforeAll(async () => {
    app = await startAppWith([Parent, Price, Event]);
    quarantine = app.module.get(QuarantineService);
    await app.rows(`
      ALTER TABLE replay_prices ADD CONSTRAINT known FOREIGN KEY (parent) REFERENCES replay_parents;
      ALTER TABLE replay_events ADD CONSTRAINT known FOREIGN KEY (parent) REFERENCES replay_parents`);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('TRUNCATE replay_prices, replay_events, replay_parents');
  });

  const fix = () => app.rows(`INSERT INTO replay_parents VALUES ('p')`);
  const open = () => quarantine.count();
  /** The history must agree with the result of the replay. */
  const history = () =>
    app.rows(`SELECT table_name, disposition, source, status, received::integer, inserted::integer, updated::integer,
                     unchanged::integer, rejected::integer
                FROM storage_loads WHERE source = 'rejects replay' ORDER BY started_at`);

  it('loads rejected records once the cause was fixed, and a second replay loads nothing', async () => {
    const records = Array.from({ length: 10 }, (_, index) => ({
      sku: `s${index}`,
      parent: index % 2 === 0 ? 'p' : null,
    }));
    expect(await app.loader.load(Price, records)).toMatchObject({ inserted: 5, rejected: 5 });
    expect(await quarantine.replay()).toMatchObject({ ok: false, received: 5, loaded: 0, rejected: 5 });
    await fix();

    const result = await quarantine.replay({ table: 'replay_prices', reason: '23503' });
    expect(result).toMatchObject({
      kind: 'replay',
      ok: true,
      received: 5,
      loaded: 5,
      skipped: 0,
      rejected: 0,
      failed: 0,
    });
    expect(result.loads).toMatchObject([
      { kind: 'table', table: 'replay_prices', received: 5, inserted: 5, rejected: 0 },
    ]);
    expect(await app.count('replay_prices')).toBe(10);
    expect(await open()).toBe(0);
    expect(await quarantine.count({ replayed: true })).toBe(5);
    const tries = { table_name: 'replay_prices', disposition: 'merge', status: 'completed', received: 5 };
    expect(await history()).toMatchObject([
      { ...tries, inserted: 0, rejected: 5 },
      { ...tries, inserted: 5, rejected: 0 },
    ]);

    expect(await quarantine.replay()).toMatchObject({ ok: true, received: 0, loaded: 0, loads: [] });
    expect(await history()).toHaveLength(2);
    expect(app.stats.forTable('replay_prices')).toMatchObject({ inserted: 10, rejected: 10 });
  });

  it('leaves records open that are rejected again, with the latest reason and without a second record', async () => {
    await app.loader.load(Event, [
      { id: 'a', parent: 'p', size: 1 },
      { id: 'b', parent: 'p', size: 3 },
    ]);
    const before = await quarantine.list();
    expect(before.map(({ reason }) => reason)).toEqual(['23503', '23503']);
    await fix();
    await app.rows('ALTER TABLE replay_events ADD CONSTRAINT small CHECK (size < 2)');
    try {
      const result = await quarantine.replay();
      expect(result).toMatchObject({ ok: false, received: 2, loaded: 1, rejected: 1 });
      const left = { id: before[1]?.id, loadId: before[1]?.loadId, position: 1, reason: '23514', replayedAt: null };
      const { replayedAt: _, ...named } = left;
      expect(result.rejects).toMatchObject([named]);
      expect(await quarantine.list()).toMatchObject([{ ...left, message: expect.stringContaining('small') }]);
      expect(await app.count('storage_rejected_records')).toBe(2);
    } finally {
      await app.rows('ALTER TABLE replay_events DROP CONSTRAINT small');
    }
    expect(await quarantine.replay()).toMatchObject({ ok: true, received: 1, loaded: 1 });
  });

  it('appends records of an append: an existing key is rejected again', async () => {
    await app.loader.load(
      Event,
      [
        { id: 'a', parent: 'p' },
        { id: 'b', parent: 'p' },
      ],
      { disposition: 'append' },
    );
    await fix();
    await app.loader.load(Event, [{ id: 'b', size: 1 }]);
    expect(await quarantine.replay()).toMatchObject({ loaded: 1, rejected: 1, loads: [{ disposition: 'append' }] });
    expect(await quarantine.list()).toMatchObject([{ key: 'b', reason: '23505' }]);
    expect(await app.rows('SELECT id, size FROM replay_events ORDER BY id')).toEqual([
      { id: 'a', size: null },
      { id: 'b', size: 1 },
    ]);
  });

  it('merges rejected records of a replace into its content', async () => {
    await app.loader.load(Event, [{ id: 'old' }]);
    await app.loader.load(Event, [{ id: 'a' }, { id: 'b', parent: 'p' }], { disposition: 'replace', maxRejects: 5 });
    await fix();
    expect(await quarantine.replay()).toMatchObject({ loaded: 1, loads: [{ disposition: 'merge', inserted: 1 }] });
    expect(await app.rows('SELECT id FROM replay_events ORDER BY id')).toEqual([{ id: 'a' }, { id: 'b' }]);
  });

  it('uses the key and newerBy of the load that rejected the record', async () => {
    await app.loader.load(Price, [{ sku: 's', ean: 'e', seenAt: new Date('2024-06-01T00:00:00Z') }]);
    await app.loader.load(Event, [{ id: 'x', parent: 'p', size: 1 }], { newerBy: 'size' });
    const older = { ean: 'e', sku: 'other', parent: 'p', seenAt: new Date('2024-07-01T00:00:00Z') };
    const newer = { ...older, seenAt: new Date('2024-12-01T00:00:00Z') };
    await app.loader.load(Price, [newer], { primaryKey: 'ean', loadKey: 'once' });
    await app.loader.load(Price, [older], { primaryKey: 'ean' });
    await fix();
    await app.loader.load(Event, [{ id: 'x', size: 2 }]);
    const result = await quarantine.replay();
    expect(result).toMatchObject({ ok: true, received: 3, loaded: 3 });
    expect(result.loads).toMatchObject([
      { table: 'replay_events', unchanged: 1 },
      { table: 'replay_prices', received: 2, updated: 1 },
    ]);
    expect(await app.rows('SELECT size, parent FROM replay_events')).toEqual([{ size: 2, parent: null }]);
    expect(await app.rows('SELECT ean, "seenAt" FROM replay_prices')).toEqual([{ ean: 'e', seenAt: newer.seenAt }]);
  });

  it('lets the later record win, across loads with different options into one table', async () => {
    const load = (size: number, options = {}) => app.loader.load(Event, [{ id: 'x', parent: 'p', size }], options);
    await load(1);
    await load(2, { disposition: 'append' });
    await load(3);
    await load(4, { primaryKey: 'id' });
    await load(5);
    await fix();
    const result = await quarantine.replay();
    // The append finds the row of the record before it.
    expect(result).toMatchObject({ received: 5, loaded: 4, rejected: 1 });
    expect(result.loads).toHaveLength(5);
    expect(await app.rows('SELECT size FROM replay_events')).toEqual([{ size: 5 }]);
  });

  it('selects records of one load, of one time, of one reason', async () => {
    const first = await app.loader.load(Event, [{ id: 'a', parent: 'p' }, { id: ' ' }]);
    await app.loader.load(Event, [{ id: 'b', parent: 'p' }]);
    await fix();
    expect(await quarantine.replay({ until: new Date(0) })).toMatchObject({ received: 0 });
    expect(await quarantine.replay({ loadId: first.loadId, reason: '23503' })).toMatchObject({
      received: 1,
      loaded: 1,
    });
    expect(await app.rows('SELECT id FROM replay_events')).toEqual([{ id: 'a' }]);
    expect(await quarantine.replay({ since: new Date(0) })).toMatchObject({ received: 2, loaded: 1, rejected: 1 });
    await expect(quarantine.replay({ loadID: first.loadId } as object)).rejects.toMatchObject({
      code: 'INVALID_FILTER',
    });
    await expect(quarantine.replay({ limit: 1 } as object)).rejects.toThrow(/limit is not a criterion/);
  });

  it('restores values that JSON cannot express', async () => {
    const picture = Buffer.from([0, 1, 255]);
    const seenAt = new Date('2024-01-01T00:00:00.123Z');
    await app.loader
      .for(Price)
      .untyped()
      .load([
        { sku: 'a', parent: 'p', picture, seenAt },
        { sku: 'b', parent: () => 'p' },
      ]);
    await app.loader.load(Event, [
      { id: 'a', size: 2 ** 53 },
      { id: 'b', size: Number.NaN },
    ]);
    await fix();
    const reasons = async () => (await quarantine.list()).map(({ reason }) => reason).sort();
    const before = await reasons();
    expect(await quarantine.replay()).toMatchObject({ received: 4, loaded: 1, rejected: 3 });
    expect(await app.rows('SELECT sku, picture, "seenAt" FROM replay_prices')).toEqual([{ sku: 'a', picture, seenAt }]);
    expect(await reasons()).toEqual(before.filter((reason) => reason !== '23503'));
  });

  it('skips records no longer meant for the table, and marks them as replayed', async () => {
    await app.opportunities.store([{ submission_id: ' ', problem_description: 'p' }]);
    await app.rows(`UPDATE storage_rejected_records SET raw = '{"submission_id":"a"}'`);
    expect(await quarantine.replay()).toMatchObject({ ok: true, received: 1, loaded: 0, skipped: 1 });
    expect(await open()).toBe(0);
  });

  it('loads both halves of a hybrid record, or neither', async () => {
    await app.rows('ALTER TABLE submissions ADD CONSTRAINT counted CHECK (num_comments >= 0)');
    const records = [
      { submission_id: 'a', problem_description: 'p', num_comments: -1 },
      { submission_id: 'b', num_comments: -1 },
      { submission_id: 'c', num_comments: 1 },
    ];
    expect(await app.hybrid.store(records)).toMatchObject({ stored: 1, rejected: 2 });
    expect(await quarantine.replay()).toMatchObject({ rejected: 2 });
    expect(await app.count('app_opportunities')).toBe(0);
    await app.rows('ALTER TABLE submissions DROP CONSTRAINT counted');
    const result = await quarantine.replay({ table: 'hybrid' });
    expect(result).toMatchObject({ ok: true, received: 2, loaded: 2 });
    expect(result.loads).toMatchObject([{ table: 'hybrid', stored: 2, opportunities: { inserted: 1 } }]);
    expect(await app.count('submissions')).toBe(3);
    expect(await app.count('app_opportunities')).toBe(1);
    expect(app.stats.forTable('submissions')).toMatchObject({ inserted: 3 });
  });

  it('names a table without an entity, and does nothing', async () => {
    await app.loader.load(Event, [{ id: 'a', parent: 'p' }]);
    await app.loader.load(Price, [{ sku: 'a', parent: 'p' }]);
    await app.rows(`UPDATE storage_rejected_records SET table_name = 'gone' WHERE table_name = 'replay_prices'`);
    await fix();
    await expect(quarantine.replay()).rejects.toThrow(
      /Cannot replay rejected records of table gone: no entity maps to it.*forFeature/,
    );
    expect(await open()).toBe(2);
    expect(await quarantine.replay({ table: 'replay_events' })).toMatchObject({ loaded: 1 });
  });

  it('handles any number of records', async () => {
    const records = Array.from({ length: 10_000 }, (_, index) => ({ id: `e${index}`, parent: 'p' }));
    await app.loader.loadBatch(Event, records, { batchSize: 500 });
    expect(await open()).toBe(10_000);
    await fix();
    expect(await quarantine.replay()).toMatchObject({ ok: true, received: 10_000, loaded: 10_000 });
    expect(await app.count('replay_events')).toBe(10_000);
    expect(await open()).toBe(0);
  }, 120_000);
});
