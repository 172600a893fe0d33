import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';

import { InvalidLoadError, LoadFailedError, type RowOutcome, SubmissionEntity } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

class Place {
  @Column('text', { nullable: true })
  city: string | null;

  @Column('text', { nullable: true })
  street: string | null;
}

@Entity('tickets')
@Unique(['code'])
@Check('cheap', 'price < 1000')
class Ticket {
  @PrimaryGeneratedColumn('increment', { type: 'bigint' })
  id: string;

  @Column('text')
  code: string;

  @Column('text', { name: 'head_line', default: 'none' })
  title: string;

  @Column('numeric', { nullable: true, transformer: { to: (value: unknown) => value, from: (text) => Number(text) } })
  price: number | null;

  @Column('timestamp with time zone', { default: () => 'now()' })
  opened: Date;

  @Column(() => Place)
  place: Place;

  @ManyToOne(() => Ticket)
  @JoinColumn({ name: 'parent_id' })
  parent?: Ticket | null;
}

describe('what became of each record', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Ticket]);
  });
  afterAll(() => app.close());
  beforeEach(() => app.rows('TRUNCATE tickets, app_opportunities, submissions RESTART IDENTITY'));

  const byCode = { primaryKey: 'code' } as const;
  const stored = () =>
    app.dataSource.getRepository(Ticket).find({ order: { code: 'ASC' }, relations: { parent: true } });

  it.each([0, 300])('tells it in input order, with the values as TypeORM reads them (beside %d more)', async (more) => {
    const loader = app.loader.for(Ticket);
    await loader.load(
      [
        { code: 'same', title: 's' },
        { code: 'other', title: 'o' },
      ],
      byCode,
    );
    const others = Array.from({ length: more }, (_, index) => ({ code: `more ${index}` }));
    const result = await loader.load(
      [
        { code: 'twice', title: 'first' },
        { code: 'dear', price: 1000 },
        { code: 'same', title: 's' },
        { price: 1 },
        { code: 'other', title: 'changed', price: '1.50', place: { city: 'Bonn' }, parent: { id: 1 } },
        { code: 'twice', price: 2 },
        ...others,
      ],
      { ...byCode, returning: ['id', 'title', 'price', 'opened', 'place', 'parent'] },
    );

    const tickets = new Map((await stored()).map((ticket) => [ticket.code, ticket]));
    const row = (code: string) => {
      const { code: _, parent, ...rest } = tickets.get(code) as Ticket;
      return { ...rest, parent: parent && { id: parent.id } };
    };
    expect(result.rows.slice(0, 6)).toEqual([
      { position: 0, key: { code: 'twice' }, outcome: 'duplicate', row: row('twice') },
      { position: 1, key: { code: 'dear' }, outcome: 'rejected', reason: '23514', message: expect.any(String) },
      { position: 2, key: { code: 'same' }, outcome: 'unchanged', row: row('same') },
      { position: 3, outcome: 'rejected', reason: 'missing_key', column: 'code', message: expect.any(String) },
      { position: 4, key: { code: 'other' }, outcome: 'updated', row: row('other') },
      { position: 5, key: { code: 'twice' }, outcome: 'inserted', row: row('twice') },
    ]);
    expect(result.rows.slice(6)).toEqual(
      others.map(({ code }, index) => ({ position: index + 6, key: { code }, outcome: 'inserted', row: row(code) })),
    );
    expect(result).toMatchObject({ inserted: more + 1, updated: 1, unchanged: 1, duplicates: 1, rejected: 2 });
    expect(result.rows[4]).toMatchObject({
      row: { price: 1.5, place: { city: 'Bonn', street: null }, parent: { id: '1' } },
    });
  });

  it.each([3, 300])('gives the keys that the database makes for %d appended records', async (count) => {
    // Some rows carry a price and others do not, so that they are inserted in two parts.
    const records = Array.from({ length: count }, (_, index) => ({
      code: `c${count - index}`,
      ...(index % 3 > 0 && { price: index % 5 === 1 ? 1000 : 1, title: 't' }),
    }));
    const { rows, rejected } = await app.loader
      .for(Ticket)
      .load(records, { disposition: 'append', returning: ['code'] });
    const ids = new Map((await stored()).map(({ id, code }) => [code, id]));
    expect(rejected).toBeGreaterThan(0);
    expect(rows.map(({ position, outcome, key }) => [position, outcome, key])).toEqual(
      records.map(({ code }, position) => {
        const id = ids.get(code);
        return id === undefined ? [position, 'rejected', undefined] : [position, 'inserted', { id }];
      }),
    );
    expect(rows.every((row) => row.outcome !== 'inserted' || row.row.code === records[row.position]?.code)).toBe(true);
  });

  it('gives the rows of each batch after its commit, in input order', async () => {
    const records = Array.from({ length: 1000 }, (_, index) => ({ code: `c${(index * 7) % 900}`, title: `t${index}` }));
    const given: RowOutcome<Ticket, 'id' | 'title'>[] = [];
    const seen: number[] = [];
    const options = {
      ...byCode,
      batchSize: 210,
      returning: ['id', 'title'] as const,
      onRows: async (rows: readonly RowOutcome<Ticket, 'id' | 'title'>[]) => {
        given.push(...rows);
        seen.push((await app.count('tickets')) >= new Set(given.map(({ key }) => key?.code)).size ? rows.length : -1);
      },
    };
    const loader = app.loader.for(Ticket);
    const result = await loader.loadBatch(records, options);
    expect(seen).toEqual([210, 210, 210, 210, 160]);
    expect(given.map(({ position }) => position)).toEqual(records.map((_, index) => index));
    expect(countsIn(given)).toMatchObject({ inserted: result.inserted, updated: result.updated });
    const ids = new Map((await stored()).map(({ id, code }) => [code, id]));
    expect(given.map((row) => 'row' in row && row.row.id)).toEqual(records.map(({ code }) => ids.get(code)));

    given.length = 0;
    await loader.loadBatch(
      [...ids.keys()].map((code) => ({ code })),
      options,
    );
    expect(countsIn(given)).toEqual({ unchanged: 900 });
    expect(given.map((row) => 'row' in row && row.row.id)).toEqual([...ids.values()]);
  });

  it.each([0, 300])('tells the first record of a key that its insert is the one (beside %d more)', async (more) => {
    const others = Array.from({ length: more }, (_, index) => ({ code: `more ${index}` }));
    const same = [
      { code: 'a', price: 1000 },
      { code: 'a', title: 'first' },
      { code: 'a', title: 'second', price: 2 },
    ];
    const options = { ...byCode, disposition: 'insert', returning: ['title'] } as const;
    const insert = async () => (await app.loader.for(Ticket).load([...same, ...others], options)).rows.slice(0, 3);
    const row = { title: 'first' };
    const rejected = expect.objectContaining({ position: 0, outcome: 'rejected', reason: '23514' });
    expect(await insert()).toEqual([
      rejected,
      { position: 1, key: { code: 'a' }, outcome: 'inserted', row },
      { position: 2, key: { code: 'a' }, outcome: 'duplicate', row },
    ]);
    expect(await insert()).toEqual(
      ['unchanged', 'duplicate', 'duplicate'].map((outcome, position) => ({
        position,
        key: { code: 'a' },
        outcome,
        row,
      })),
    );
  });

  it('tells skipped records', async () => {
    const records = [{ submission_id: 'a', problem_description: 'p' }, { submissionId: 'b', title: 't' }, 1];
    const { rows } = await app.opportunities.store(records as object[], { returning: ['confidence'] });
    expect(rows).toEqual([
      { position: 0, key: { submissionId: 'a' }, outcome: 'inserted', row: { confidence: null } },
      { position: 1, key: { submissionId: 'b' }, outcome: 'skipped', reason: 'missing_problem_description' },
      { position: 2, outcome: 'rejected', reason: 'not_an_object', message: expect.any(String) },
    ]);
  });

  it('tells which records of an update have no row', async () => {
    const loader = app.loader.for(Ticket);
    await loader.load([{ code: 'a' }], byCode);
    const records = [{ code: 'a', title: 't' }, { code: 'b' }, { code: 'b', title: 't' }];
    const { rows } = await loader.load(records, { ...byCode, disposition: 'update', returning: ['title'] });
    expect(rows).toEqual([
      { position: 0, key: { code: 'a' }, outcome: 'updated', row: { title: 't' } },
      { position: 1, key: { code: 'b' }, outcome: 'skipped', reason: 'not_stored' },
      { position: 2, key: { code: 'b' }, outcome: 'skipped', reason: 'not_stored' },
    ]);
  });

  it('keeps what is committed when onRows throws, and stops', async () => {
    const records = Array.from({ length: 9 }, (_, index) => ({ submission_id: `s${index}` }));
    const given: number[] = [];
    const onRows = async (rows: readonly RowOutcome[]) => {
      given.push(...rows.map(({ position }) => position));
      throw new Error('secret');
    };
    const error = await app.profiles.storeBatch(records, { batchSize: 2, onRows }).then(undefined, (thrown) => thrown);
    expect(error).toBeInstanceOf(LoadFailedError);
    expect(error).toMatchObject({ cause: { code: 'ROWS_NOT_TAKEN', cause: { message: 'secret' } } });
    expect(String((error as Error).message)).not.toContain('secret');
    const { inserted, failed } = (error as LoadFailedError).result as { inserted: number; failed: number };
    expect(inserted).toBeGreaterThanOrEqual(2);
    expect(await app.count('submissions')).toBe(inserted);
    expect(failed).toBe(0);
    expect(given.length).toBeLessThanOrEqual(inserted);
  });

  it('says of a transaction that was joined that what it wrote is up to that, when onRows throws', async () => {
    const onRows = (): never => {
      throw new Error('not taken');
    };
    const load = app.dataSource.transaction((manager) =>
      app.profiles.withManager(manager).storeBatch([{ submission_id: 's' }], { onRows }),
    );
    const message = expect.stringMatching(/^onRows threw an error. What it wrote is committed or rolled back with the/);
    await expect(load).rejects.toMatchObject({ cause: { code: 'ROWS_NOT_TAKEN', message } });
    expect(await app.count('submissions')).toBe(0);
  });

  it('tells it inside the transaction of a caller, and nothing of a load that has completed', async () => {
    const loader = app.loader.for(SubmissionEntity);
    const options = { returning: ['title'] as const, loadKey: 'k' };
    const rows = await app.dataSource.transaction(async (manager) => {
      const result = await loader.withManager(manager).load([{ submission_id: 'a', title: 't' }], options);
      return result.rows;
    });
    expect(rows).toEqual([{ position: 0, key: { submissionId: 'a' }, outcome: 'inserted', row: { title: 't' } }]);
    expect(await loader.load([{ submission_id: 'a', title: 't' }], options)).toMatchObject({
      alreadyCompleted: true,
      rows: [],
    });
    expect((await app.loader.load(SubmissionEntity, [], { returning: ['title'] })).rows).toEqual([]);
    expect(await loader.load([{ submission_id: 'b' }])).not.toHaveProperty('rows');
  });

  const wrong = (options: object): Promise<unknown> => app.loader.load(Ticket, [], options);

  it.each<[string, () => Promise<unknown>]>([
    ['no column property "titel". Did you mean title?', () => wrong({ returning: ['titel'] })],
    ['no column property "head_line"', () => wrong({ returning: ['head_line'] })],
    [
      "do not go with disposition 'replace'",
      () => app.loader.load(Ticket, [], { returning: ['id'], disposition: 'replace' }),
    ],
    ['onRows goes with loadBatch', () => wrong({ onRows: () => undefined })],
    ['loadBatch needs onRows', () => app.loader.loadBatch(Ticket, [], { returning: ['id'] } as object)],
    ['gives no rows back', () => app.hybrid.store([], { returning: ['id'] } as object)],
  ])('refuses a wrong call: %s', async (message, call) => {
    const error: unknown = await call().then(undefined, (thrown) => thrown);
    expect(error).toBeInstanceOf(InvalidLoadError);
    expect((error as Error).message).toContain(message);
  });
});

function countsIn(rows: readonly RowOutcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of rows) {
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}
