import type { Type } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { InsertResult, UpsertOptions } from 'typeorm';

import type { StorageApp } from '../../../support/app/storage-app.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { Customer, Mascot, Member, Score, Seat, Team, UPSERTED } from '../../../support/entities/upserted.js';

type Upsert = (
  entity: Type<object>,
  entities: object | object[],
  conflict: string[] | UpsertOptions<Member>,
) => Promise<InsertResult>;

const GENERATED = { createdAt: expect.any(Date), updatedAt: expect.any(Date), deletedAt: null };

// Each behaviour that TypeORM's documentation or tests of upsert name.
describe('upsert', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith(UPSERTED);
    await app.rows('INSERT INTO teams (id) VALUES (1), (2)');
  });
  afterAll(() => app.close());

  const ways: readonly [string, () => Upsert][] = [
    ['TypeORM', () => (entity, entities, conflict) => app.dataSource.getRepository(entity).upsert(entities, conflict)],
    ['this package', () => (entity, entities, conflict) => app.loader.for(entity).upsert(entities, conflict)],
  ];

  describe.each(ways)('of %s', (_, way) => {
    let upsert: Upsert;
    beforeEach(async () => {
      await app.rows('TRUNCATE members, customers, seats, scores, mascots RESTART IDENTITY');
      upsert = way();
    });
    const members = () => app.rows('SELECT * FROM members ORDER BY email');

    it('inserts new entities, updates stored ones, and tells ids and generated values in input order', async () => {
      await upsert(Member, { email: 'b', role: 'admin' }, ['email']);
      const result = await upsert(Member, [{ email: 'c' }, { email: 'b', role: 'owner' }, { email: 'a' }], ['email']);
      const rows = await app.rows<{ id: number; email: string }>('SELECT id, email FROM members');
      const idOf = (email: string) => rows.find((row) => row.email === email)?.id;
      expect(result.identifiers).toEqual(['c', 'b', 'a'].map((email) => ({ id: idOf(email) })));
      expect(result.generatedMaps).toEqual([
        { ...GENERATED, id: idOf('c'), role: 'guest', label: 'c!', version: 1 },
        { ...GENERATED, id: idOf('b'), role: 'owner', label: 'b!', version: expect.any(Number) },
        { ...GENERATED, id: idOf('a'), role: 'guest', label: 'a!', version: 1 },
      ]);
      expect(result.raw).toMatchObject([{ role: 'guest' }, { role: 'owner' }, { role: 'guest' }]);
    });

    it('takes one entity, and sets generated values on it', async () => {
      const member = Object.assign(new Member(), { email: 'a' });
      await upsert(Member, member, ['email']);
      expect(member).toEqual({ ...GENERATED, id: 1, email: 'a', role: 'guest', label: 'a!', version: 1 });
    });

    it('keeps what entities do not carry, and when the row was created, and notes when it was updated', async () => {
      await upsert(Member, { email: 'a', team: 't', place: 1 }, ['email']);
      const [before] = await members();
      await upsert(Member, { email: 'a', place: 2 }, ['email']);
      const [after] = await members();
      expect(after).toMatchObject({ id: 1, team: 't', place: 2, createdAt: before?.['createdAt'] });
      const isLater = `SELECT "updatedAt" > "createdAt" AS later FROM members`;
      expect(await app.rows(isLater)).toEqual([{ later: true }]);
    });

    it('stores null, and what a transformer makes of a value', async () => {
      await upsert(Member, { email: 'a', team: 't', code: 'x' }, ['email']);
      await upsert(Member, { email: 'a', team: null, code: 'y' }, ['email']);
      expect(await members()).toMatchObject([{ team: null, code: 'Y' }]);
    });

    it('takes the conflict paths as an object', async () => {
      await upsert(Member, { email: 'a', team: 't' }, { conflictPaths: { email: true } });
      await upsert(Member, { email: 'a', team: 'u' }, { conflictPaths: { email: true } });
      expect(await members()).toMatchObject([{ team: 'u' }]);
    });

    it('returns the columns of returning', async () => {
      const options = { conflictPaths: ['email'], returning: ['email', 'team'] };
      const { raw, generatedMaps } = await upsert(Member, [{ email: 'a', team: 't' }], options);
      expect(raw).toEqual([expect.objectContaining({ email: 'a', team: 't' })]);
      expect(generatedMaps).toEqual([expect.objectContaining({ email: 'a', team: 't' })]);
    });

    it('writes no row that says nothing new, with skipUpdateIfNoValuesChanged', async () => {
      const options = { conflictPaths: ['email'], skipUpdateIfNoValuesChanged: true };
      const version = () => app.rows('SELECT xmin, ctid FROM members');
      await upsert(Member, { email: 'a', team: 't' }, options);
      const before = await version();
      await upsert(Member, { email: 'a', team: 't' }, options);
      expect(await version()).toEqual(before);
      await upsert(Member, { email: 'a', team: 'u' }, options);
      expect(await version()).not.toEqual(before);
    });

    it('finds rows by a partial unique index', async () => {
      const options = { conflictPaths: ['team', 'place'], indexPredicate: '"place" IS NOT NULL' };
      await upsert(Member, { email: 'a', team: 't', place: 1 }, options);
      await upsert(Member, { email: 'b', team: 't', place: 1 }, options);
      expect(await members()).toMatchObject([{ email: 'b', team: 't', place: 1 }]);
    });

    it('does not update a column with update: false, nor one that the database computes', async () => {
      await upsert(Member, { email: 'a', joined: 1 }, ['email']);
      await upsert(Member, { email: 'a', joined: 2, team: 't' }, ['email']);
      expect(await members()).toMatchObject([{ joined: 1, label: 'a!', team: 't' }]);
    });

    it('inserts or ignores where no column may be updated, by a composite primary key', async () => {
      await upsert(Seat, { line: 'a', no: 1, guest: 'x' }, ['line', 'no']);
      const seats = [1, 2].map((no) => ({ line: 'a', no, guest: 'y' }));
      const { identifiers } = await upsert(Seat, seats, ['line', 'no']);
      expect(identifiers).toEqual([1, 2].map((no) => ({ line: 'a', no })));
      expect(await app.rows('SELECT guest FROM seats ORDER BY no')).toEqual([{ guest: 'x' }, { guest: 'y' }]);
    });

    it('goes by a column of an embedded class', async () => {
      const customers = (phone: string) => ['a', 'b'].map((email) => ({ contact: { email, phone } }));
      await upsert(Customer, customers('1'), ['contact.email']);
      const given = customers('2');
      const { identifiers } = await upsert(Customer, given, ['contact.email']);
      const rows = await app.dataSource.getRepository(Customer).find({ order: { contact: { email: 'ASC' } } });
      expect(rows).toEqual(given.map((customer, index) => ({ ...customer, ...identifiers[index] })));
    });

    it('goes by a one-to-one relation', async () => {
      await upsert(Score, { team: { id: 1 }, points: 1 }, ['team.id']);
      await upsert(Score, { team: Object.assign(new Team(), { id: 1 }), points: 2 }, ['team.id']);
      const find = { relations: { team: true } };
      expect(await app.dataSource.getRepository(Score).find(find)).toEqual([{ id: 1, team: { id: 1 }, points: 2 }]);
    });

    it('goes by a relation that is the primary key', async () => {
      await upsert(Mascot, { teamId: 1, name: 'x' }, ['teamId']);
      const { identifiers } = await upsert(
        Mascot,
        [1, 2].map((teamId) => ({ teamId, name: 'y' })),
        ['teamId'],
      );
      expect(identifiers).toEqual([{ teamId: 1 }, { teamId: 2 }]);
      expect(await app.rows('SELECT name FROM mascots')).toEqual([{ name: 'y' }, { name: 'y' }]);
    });

    it('does nothing with an empty list', async () => {
      expect(await upsert(Member, [], ['email'])).toMatchObject({ identifiers: [], generatedMaps: [] });
    });

    it('throws for an entity that Postgres rejects, and stores none', async () => {
      const entities = [{ email: 'a' }, { email: 'b', place: 'no' }];
      await expect(upsert(Member, entities, ['email'])).rejects.toBeInstanceOf(Error);
      expect(await members()).toEqual([]);
    });
  });
});
