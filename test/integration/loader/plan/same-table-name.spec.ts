import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, EntitySchema, PrimaryColumn } from 'typeorm';

import { InvalidLoadError, QuarantineService, StorageModule } from '../../../../src/index.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';

abstract class Event {
  @PrimaryColumn('text')
  id: string;

  @Column('integer', { nullable: true })
  size: number | null;
}

@Entity({ name: 'events', schema: 'a' })
class EventOfA extends Event {}

@Entity({ name: 'events', schema: 'b' })
class EventOfB extends Event {}

/** One that lies where its DataSource says. */
@Entity('events')
class PlainEvent extends Event {}

/** An entity without decorators. */
class Reading {
  id: string;
}

const READING = new EntitySchema<Reading>({
  name: 'Reading',
  target: Reading,
  tableName: 'readings',
  columns: { id: { type: 'text', primary: true } },
});

describe('tables of one name in several schemas', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({}, [StorageModule.forFeature([EventOfA, EventOfB, PlainEvent, READING as never])]);
    await app.rows('CREATE SCHEMA a; CREATE SCHEMA b');
    await app.dataSource.synchronize();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('TRUNCATE a.events, b.events, public.events');
  });

  const ids = async () => {
    const rows = await app.rows<{ at: string }>(`
      SELECT 'a.' || id AS at FROM a.events UNION ALL SELECT 'b.' || id FROM b.events
      UNION ALL SELECT 'public.' || id FROM public.events ORDER BY 1`);
    return rows.map(({ at }) => at);
  };

  it('are not loaded by that name, which tells no table from the others', async () => {
    const load = app.loader.load('events', [{ id: 'x' }]);
    await expect(load).rejects.toThrow(InvalidLoadError);
    await expect(load).rejects.toThrow('"events" is ambiguous: a.events, b.events, public.events');
    expect(await ids()).toEqual([]);
  });

  it('are loaded by their names with the schema, or by their entities', async () => {
    await app.loader.load('b.events', [{ id: 'name' }]);
    await app.loader.load('public.events', [{ id: 'name' }]);
    await app.loader.load('EventOfB', [{ id: 'entity' }]);
    await app.loader.load(EventOfA, [{ id: 'class' }]);
    expect(await ids()).toEqual(['a.class', 'b.entity', 'b.name', 'public.name']);
    await expect(app.loader.load('c.events', [{ id: 'x' }])).rejects.toThrow('has no entity or table "c.events"');
  });

  it('are counted apart, by their names with the schema', async () => {
    app.stats.reset();
    await app.loader.load('b.events', [{ id: 'x' }, { id: 'y' }]);
    await app.loader.load(EventOfA, [{ id: 'x' }]);
    await app.loader.load(PlainEvent, [{ id: 'x' }, { id: 'big', size: 'none' }]);
    await app.loader.load(READING, [{ id: 'z' }]);
    const expected = {
      'a.events': { inserted: 1, rejected: 0 },
      'b.events': { inserted: 2, rejected: 0 },
      'public.events': { inserted: 1, rejected: 1 },
      readings: { inserted: 1 },
    };
    expect(app.stats.snapshot().tables).toMatchObject(expected);
    expect(await app.stats.totals()).toMatchObject(expected);
    await app.module.get(QuarantineService).replay();
    expect(await app.stats.totals()).toMatchObject({ 'public.events': { rejected: 2 } });
    expect(app.stats.forTable('public.events')).toMatchObject({ rejected: 2 });
  });

  it('have their rejected records apart', async () => {
    const rejected = [{ id: 'x', size: 'none' }];
    await app.loader.load(EventOfB, rejected);
    await app.loader.load(PlainEvent, [...rejected, ...rejected]);
    const quarantine = app.module.get(QuarantineService);
    const counted = ['events', 'a.events', 'b.events', 'public.events'].map((table) => quarantine.count({ table }));
    expect(await Promise.all(counted)).toEqual([3, 0, 1, 2]);
    expect(await quarantine.list({ table: 'b.events' })).toMatchObject([{ table: 'events', key: 'x' }]);
    expect(await quarantine.replay({ table: 'b.events' })).toMatchObject({ received: 1 });
    expect(await quarantine.purge({ table: 'public.events' })).toEqual({ purged: 2, open: 2 });
  });

  it('are found by an EntitySchema, too', async () => {
    expect(await app.loader.load(READING, [{ id: 'a' }])).toMatchObject({ inserted: 1, table: 'readings' });
  });

  it('are replayed each into the one that rejected the record', async () => {
    const rejected = (id: string) => [{ id, size: 'no number' }];
    await app.loader.load(EventOfB, rejected('x'));
    await app.loader.load(EventOfA, rejected('y'));
    await app.loader.load(PlainEvent, rejected('z'));
    await app.rows(
      `UPDATE storage_rejected_records SET raw = convert_to(replace(convert_from(raw, 'utf8'), '"no number"', '7'), 'utf8')`,
    );
    const replayed = await app.module.get(QuarantineService).replay();
    expect(replayed).toMatchObject({ loaded: 3, rejected: 0 });
    expect(await ids()).toEqual(['a.y', 'b.x', 'public.z']);
  });

  it('are not replayed where nobody knows any more which one rejected the record', async () => {
    await app.loader.load(EventOfB, [{ id: 'x', size: 'no number' }]);
    await app.rows('DELETE FROM storage_loads');
    await expect(app.module.get(QuarantineService).replay()).rejects.toThrow('a.events, b.events, public.events');
  });
});
