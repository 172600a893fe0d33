import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

import type { LoadOptions } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { sized } from '../../../support/sizes/sizes.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

@Entity('events')
class Event {
  @PrimaryColumn('integer')
  id: number;

  @Column('text', { nullable: true, unique: true })
  name: string | null;
}

@Entity('few_ids')
class FewIds {
  @PrimaryGeneratedColumn({ type: 'smallint' })
  id: number;

  @Column('text', { unique: true })
  code: string;

  @Column('integer', { nullable: true })
  n: number | null;
}

const eventsOf = (count: number, name = 'v') =>
  Array.from({ length: count }, (_, id) => ({ id, name: `${name}${id}` }));

describe('rows that a trigger suppresses', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Event, FewIds]);
    await app.rows(`
      CREATE TABLE routed (LIKE events);
      CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE FUNCTION route() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO routed VALUES (NEW.*); RETURN NULL; END';
      CREATE FUNCTION lower_name() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := lower(NEW.name); RETURN NEW; END';
    `);
  });
  afterAll(() => app.close());
  beforeEach(() => app.rows('DROP TRIGGER IF EXISTS t ON events; TRUNCATE events, routed'));

  const trigger = (event: string, does: string) =>
    app.rows(`CREATE TRIGGER t BEFORE ${event} ON events FOR EACH ROW EXECUTE FUNCTION ${does}()`);
  const load = (records: readonly object[], options?: LoadOptions) => app.loader.load(Event, records, options);

  /** The small writer, and COPY. */
  describe.each(sized([250], [3, 250]))('in a load of %i', (count) => {
    it.each([
      ['merge', 'suppress'],
      ['merge', 'route'],
      ['append', 'route'],
      ['replace', 'route'],
    ] as const)('fails a %s by name, where INSERT triggers %s', async (disposition, does) => {
      await trigger('INSERT', does);
      await expect(load(eventsOf(count), { disposition })).rejects.toMatchObject({
        cause: { code: 'ROWS_SUPPRESSED' },
        message: expect.stringMatching(new RegExp(`events .*\\b0\\b.* ${count} rows`)),
      });
      expect(await app.count('routed')).toBe(0);
      expect(await app.count('events')).toBe(0);
    });

    it.each(['merge', 'replace'] as const)('fails a %s by name, where an UPDATE trigger does', async (disposition) => {
      await load(eventsOf(count));
      await trigger('UPDATE', 'suppress');
      const changed = [{ id: 0, name: 'other' }, ...eventsOf(count).slice(1)];
      await expect(load(changed, { disposition })).rejects.toMatchObject({
        cause: { code: 'ROWS_SUPPRESSED' },
        message: expect.stringMatching(new RegExp(`events .*\\b${count - 1} of ${count} rows`)),
      });
      expect(await load(eventsOf(count))).toMatchObject({ unchanged: count });
    });

    it('counts rows whose values a trigger alters', async () => {
      await trigger('INSERT OR UPDATE', 'lower_name');
      expect(await load(eventsOf(count, 'V'))).toMatchObject({ inserted: count });
      expect(await load([...eventsOf(count, 'v'), { id: count, name: 'V' }])).toMatchObject({
        inserted: 1,
        unchanged: count,
      });
    });

    it('rejects a row whose key a trigger makes equal to another', async () => {
      await trigger('INSERT', 'lower_name');
      const records = [...eventsOf(count), { id: -1, name: 'V1' }];
      expect(await load(records, { primaryKey: ['name'] })).toMatchObject({ inserted: count, rejected: 1 });
      expect(await app.rows('SELECT reason FROM storage_rejected_records ORDER BY id DESC LIMIT 1')).toEqual([
        { reason: '23505' },
      ]);
    });

    it('fails by name also where another row is rejected', async () => {
      await trigger('INSERT', 'route');
      await app.rows('ALTER TABLE routed ADD CHECK (id <> 1)');
      await expect(load(eventsOf(count))).rejects.toMatchObject({ cause: { code: 'ROWS_SUPPRESSED' } });
      await app.rows('ALTER TABLE routed DROP CONSTRAINT routed_id_check');
      expect(await app.count('routed')).toBe(0);
    });
  });

  it('fails a hybrid load, and one of a transaction, whose savepoint takes all back', async () => {
    await app.rows('CREATE TRIGGER t BEFORE INSERT ON submissions FOR EACH ROW EXECUTE FUNCTION suppress()');
    const record = { submission_id: 'a', problem_description: 'p', title: 't' };
    await app.dataSource.transaction(async (manager) => {
      await expect(app.hybrid.withManager(manager).store([record])).rejects.toMatchObject({
        cause: { code: 'ROWS_SUPPRESSED' },
        message: expect.stringContaining('submissions took 0 of 1 rows'),
      });
    });
    expect(await app.count('app_opportunities')).toBe(0);
    await app.rows('DROP TRIGGER t ON submissions');
  });

  it('takes no value of a sequence for a row that is stored', async () => {
    const records = Array.from({ length: 1_000 }, (_, n) => ({ code: `c${n}`, n: 0 }));
    const options = { primaryKey: ['code'] };
    for (let n = 0; n < sized(2, 33); n += 1) {
      expect(await app.loader.load(FewIds, [{ ...records[0], n }, ...records.slice(1)], options)).toMatchObject({
        rejected: 0,
      });
    }
    expect(await app.rows('SELECT max(id) FROM few_ids')).toEqual([{ max: 1_000 }]);
    expect(await app.rows('SELECT last_value::integer AS last FROM few_ids_id_seq')).toEqual([{ last: 1_000 }]);
  });
});
