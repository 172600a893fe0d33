import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

import {
  type BufferOptions,
  InvalidLoadError,
  LoadFailedError,
  RecordRejectedError,
  SubmissionEntity,
} from '../../../../src/index.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { untilLockIsAwaited } from '../../../support/database/lock-waits.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { BufferedEvent, fates } from '../../../support/entities/buffered-event.js';
import { startAppWith } from '../../../support/entities/own-entities.js';

@Entity('numbered')
class Numbered {
  @PrimaryGeneratedColumn('identity')
  id: number;

  @Column('text')
  name: string;
}

describe('a buffer', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([BufferedEvent, Numbered]);
    await app.rows("ALTER TABLE events ADD CHECK (state <> 'bad')");
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('TRUNCATE events, numbered RESTART IDENTITY');
  });

  const bufferOf = (options: BufferOptions<keyof BufferedEvent> = {}) =>
    app.loader.for(BufferedEvent).buffer({ maxWaitMs: 0, ...options });
  const stored = () => app.rows('SELECT id, n, state FROM events ORDER BY id');
  const loads = async () => (await app.rows('SELECT FROM storage_loads')).length;

  it('loads the records of many callers together, and tells each what became of its own', async () => {
    await app.rows("INSERT INTO events (id, n) VALUES ('e1', 1)");
    const buffer = bufferOf({ returning: ['state'] });
    const outcomes = await Promise.all([0, 1, 2].map((n) => buffer.add({ id: `e${n}`, n: n === 2 ? null : n })));
    expect(outcomes).toEqual([
      { position: 0, key: { id: 'e0' }, outcome: 'inserted', row: { state: 'new' } },
      { position: 1, key: { id: 'e1' }, outcome: 'unchanged', row: { state: 'new' } },
      { position: 2, key: { id: 'e2' }, outcome: 'inserted', row: { state: 'new' } },
    ]);
    expect(await loads()).toBe(1);
    expect(buffer.pending).toBe(0);
  });

  it('keeps to its options, and to a record, as they are when they are handed over', async () => {
    const options = { returning: ['state'] as (keyof BufferedEvent)[], disposition: 'merge' as 'merge' | 'append' };
    const buffer = bufferOf(options);
    options.returning.push('n');
    options.disposition = 'append';
    const record = { id: 'e', n: 1 };
    const adding = [1, 2].map((n) => buffer.add(Object.assign(record, { n })));
    expect((await Promise.all(adding)).map((outcome) => 'row' in outcome && outcome.row)).toEqual([
      { state: 'new' },
      { state: 'new' },
    ]);
    expect(await stored()).toEqual([{ id: 'e', n: 2, state: 'new' }]);
  });

  it('merges the extra object of a record', async () => {
    const submissions = app.loader.for(SubmissionEntity).untyped();
    await submissions.load([{ submission_id: 'a', extra: { mood: 'good' } }]);
    await submissions.buffer().add({ submission_id: 'a', extra: { place: ['here'] } });
    expect(await app.rows('SELECT extra FROM submissions')).toEqual([{ extra: { mood: 'good', place: ['here'] } }]);
  });

  it('rejects a record that cannot be read to its own caller', async () => {
    const unreadable = {
      get id(): string {
        throw new Error('secret');
      },
    };
    const buffer = bufferOf();
    const adding = [buffer.add({ id: 'e' }), buffer.add(unreadable)];
    expect(await fates(adding)).toEqual(['inserted', 'RECORD_REJECTED']);
    await expect(adding[1]).rejects.toMatchObject({ reason: 'unreadable_value' });
  });

  it('gives generated keys, each to its caller', async () => {
    const buffer = app.loader.for(Numbered).buffer({ disposition: 'append', returning: ['id', 'name'] });
    const outcomes = await Promise.all(['a', 'b', 'c'].map((name) => buffer.add({ name })));
    const rows = outcomes.map((outcome) => ('row' in outcome ? outcome.row : undefined));
    expect(rows).toEqual(await app.rows('SELECT id, name FROM numbered ORDER BY name'));
  });

  it('rejects a bad record to its own caller alone, and keeps it in quarantine', async () => {
    const buffer = bufferOf();
    const adding = ['good', 'bad', 'good'].map((state, index) => buffer.add({ id: `e${index}`, state }));
    expect(await fates(adding)).toEqual(['inserted', 'RECORD_REJECTED', 'inserted']);
    await expect(adding[1]).rejects.toBeInstanceOf(RecordRejectedError);
    await expect(adding[1]).rejects.toMatchObject({ reason: '23514' });
    expect(await stored()).toHaveLength(2);
    expect(await app.count('storage_rejected_records')).toBe(1);
  });

  it('takes records of one key in the order in which they were added', async () => {
    const buffer = bufferOf({ maxRecords: 2 });
    const adding = [
      buffer.add({ id: 'e', n: 1 }),
      buffer.add({ id: 'e', state: 'seen' }),
      buffer.add({ id: 'e', n: 3 }),
    ];
    expect(await fates(adding)).toEqual(['duplicate', 'inserted', 'updated']);
    expect(await stored()).toEqual([{ id: 'e', n: 3, state: 'seen' }]);
  });

  it('writes many records in the order in which they were added, though a load is prepared before its turn', async () => {
    await app.rows("INSERT INTO events (id, n) VALUES ('e0', 0)");
    const buffer = bufferOf();
    const blocker = app.dataSource.createQueryRunner();
    await blocker.startTransaction();
    await blocker.query("SELECT FROM events WHERE id = 'e0' FOR UPDATE");
    const settled: number[] = [];
    const adding = Array.from({ length: 120 }, async (_, n) => {
      await buffer.add({ id: `e${n}`, n: n + 1 });
      settled.push(n);
    });
    await untilLockIsAwaited(app.rows);
    await blocker.commitTransaction();
    await blocker.release();
    await Promise.all(adding);
    expect(settled).toEqual(adding.map((_, n) => n));
    expect(await loads()).toBe(2);
    expect(await app.count("events WHERE id = concat('e', n - 1)")).toBe(120);
  });

  it('ends loads in the order of their records, though a later one fails while it is prepared', async () => {
    const small = { poolSize: 1, connectTimeoutMs: 1_000, loader: { maxRetryMs: 0 } };
    const other = await startAppWith([BufferedEvent], small);
    // The only connection is open, and the table is known.
    await other.loader.load(BufferedEvent, [{ id: 'e' }]);
    const blocker = new pg.Client({ connectionString: (other.dataSource.options as { url: string }).url });
    await blocker.connect();
    await blocker.query("BEGIN; INSERT INTO events (id) VALUES ('e0')");
    const buffer = other.loader.for(BufferedEvent).buffer({ maxWaitMs: 0 });
    const first = fates([buffer.add({ id: 'e0' })]);
    await untilLockIsAwaited(async (sql) => {
      // Within a transaction Postgres answers as it did the first time.
      await blocker.query('SELECT pg_stat_clear_snapshot()');
      return (await blocker.query(sql)).rows;
    });
    // The next load must look at the table, and no connection is free.
    other.loader.clearPlans();
    const others = fates(Array.from({ length: 50 }, (_, n) => buffer.add({ id: `f${n}` })));
    await expect(other.loader.load(BufferedEvent, [{ id: 'g' }])).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
    expect(buffer.pending).toBe(51);
    await blocker.query('COMMIT');
    await buffer.flush();
    expect(await first).toEqual(['unchanged']);
    expect(new Set(await others)).toEqual(new Set(['CONNECTION_FAILED']));
    await blocker.end();
    await other.close();
  });

  it('tells the caller whose record an insert has stored: the first of a key that is not rejected', async () => {
    const buffer = bufferOf({ disposition: 'insert' });
    const adding = [
      buffer.add({ id: 'e', n: 1 }),
      buffer.add({ id: 'e', n: 2 }),
      buffer.add({ id: 'f', state: 'bad' }),
      buffer.add({ id: 'f', n: 4 }),
      buffer.add({ id: 'f', n: 5 }),
    ];
    expect(await fates(adding)).toEqual(['inserted', 'duplicate', 'RECORD_REJECTED', 'inserted', 'duplicate']);
    expect(await stored()).toEqual([
      { id: 'e', n: 1, state: 'new' },
      { id: 'f', n: 4, state: 'new' },
    ]);
  });

  it('refuses records beyond maxPending, and takes more once the database has caught up', async () => {
    const buffer = bufferOf({ maxPending: 3 });
    const blocker = app.dataSource.createQueryRunner();
    await blocker.startTransaction();
    await blocker.query('LOCK TABLE events');
    const adding = [0, 1, 2, 3].map((n) => buffer.add({ id: `e${n}` }));
    await expect(adding[3]).rejects.toMatchObject({ code: 'BUFFER_FULL' });
    await blocker.commitTransaction();
    await blocker.release();
    expect(await fates(adding)).toEqual(['inserted', 'inserted', 'inserted', 'BUFFER_FULL']);
    expect(await fates([buffer.add({ id: 'e4' })])).toEqual(['inserted']);
  });

  it('has room for the next record as soon as one has settled, stored or not', async () => {
    const buffer = bufferOf({ maxPending: 1 });
    const outcomes: string[] = [];
    for (const state of ['new', 'bad', 'new']) {
      // Added in the very turn in which the one before settles.
      try {
        outcomes.push((await buffer.add({ id: `e${outcomes.length}`, state })).outcome);
      } catch (error) {
        outcomes.push((error as { readonly code: string }).code);
      }
    }
    expect(outcomes).toEqual(['inserted', 'RECORD_REJECTED', 'inserted']);
    expect(buffer.pending).toBe(0);
  });

  it('waits for others up to maxWaitMs, unless it is full, flushed or closed', async () => {
    const buffer = bufferOf({ maxWaitMs: 60_000, maxRecords: 2 });
    expect(await fates([buffer.add({ id: 'e0' }), buffer.add({ id: 'e1' })])).toEqual(['inserted', 'inserted']);
    const flushed = buffer.add({ id: 'e2' });
    await buffer.flush();
    const closed = buffer.add({ id: 'e3' });
    await buffer.close();
    expect(await fates([flushed, closed, buffer.add({ id: 'e4' })])).toEqual(['inserted', 'inserted', 'BUFFER_CLOSED']);
    expect(await stored()).toHaveLength(4);
  });

  it('tells every caller of a load that failed, and loads on', async () => {
    const buffer = bufferOf();
    await app.rows('ALTER TABLE events RENAME n TO m');
    const adding = [buffer.add({ id: 'e0', n: 1 }), buffer.add({ id: 'e1', n: 1 })];
    expect(await fates(adding)).toEqual(['SCHEMA_MISMATCH', 'SCHEMA_MISMATCH']);
    await app.rows('ALTER TABLE events RENAME m TO n');
    expect(await fates([buffer.add({ id: 'e0', n: 1 })])).toEqual(['inserted']);
  });

  it('tells only its own caller of a row that a trigger suppresses', async () => {
    await app.rows(`
      CREATE FUNCTION pick() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN IF NEW.n = 13 THEN RETURN NULL; END IF; RETURN NEW; END';
      CREATE TRIGGER picks BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION pick()`);
    const buffer = bufferOf();
    const adding = [11, 12, 13, 14, 15].map((n) => buffer.add({ id: `e${n}`, n }));
    expect(await fates(adding)).toEqual(['inserted', 'inserted', 'LOAD_FAILED', 'inserted', 'inserted']);
    await expect(adding[2]).rejects.toBeInstanceOf(LoadFailedError);
    await app.rows('DROP TRIGGER picks ON events');
  });

  it('is refused where it makes no sense', async () => {
    expect(() => bufferOf({ maxRecords: 0, maxWaitMs: -1 })).toThrow(
      'maxWaitMs must be an integer from 0 to 60000 (found number); maxRecords must be an integer from 1 to 100000',
    );
    expect(() => bufferOf({ disposition: 'replace' })).toThrow("disposition 'replace' does not go with a buffer");
    expect(() => bufferOf({ loadKey: 'k' } as BufferOptions<keyof BufferedEvent>)).toThrow('loadKey');
    expect(() => app.loader.for(BufferedEvent).buffer(null as unknown as BufferOptions<'id'>)).toThrow(
      InvalidLoadError,
    );
    await expect(app.loader.for('no_table').buffer().add({})).rejects.toThrow('The DataSource has no entity or table');
    await app.dataSource.transaction(async (manager) => {
      const loader = app.loader.for(BufferedEvent).withManager(manager).untyped();
      const profiles = app.profiles.withManager(manager);
      for (const buffer of [() => loader.buffer(), () => profiles.buffer()]) {
        expect(buffer).toThrow("cannot load inside a caller's transaction");
      }
    });
  });

  it('is let go when it is empty and nobody has it', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const forgotten = await (async () => {
      const buffer = bufferOf();
      await buffer.add({ id: 'e' });
      return new WeakRef(buffer);
    })();
    await turn();
    collectGarbage();
    expect(forgotten.deref()).toBeUndefined();
  });
});
