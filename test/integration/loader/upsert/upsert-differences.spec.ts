import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { UpsertOptions } from 'typeorm';

import { type EntityLoader, InvalidLoadError, RejectLimitExceededError } from '../../../../src/index.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { Heard, Member, UPSERTED } from '../../../support/entities/upserted.js';

describe('upsert of this package, where it is not as that of TypeORM', () => {
  let app: StorageApp;
  let members: EntityLoader<Member>;
  beforeAll(async () => {
    app = await startAppWith(UPSERTED);
    members = app.loader.for(Member);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('TRUNCATE members RESTART IDENTITY');
  });
  const stored = () => app.rows('SELECT * FROM members ORDER BY email');

  it('keeps what one entity does not carry though another does', async () => {
    await members.upsert({ email: 'a', team: 't' }, ['email']);
    await members.upsert(
      [
        { email: 'a', role: 'admin' },
        { email: 'b', team: 'u' },
      ],
      ['email'],
    );
    expect(await stored()).toMatchObject([
      { email: 'a', role: 'admin', team: 't' },
      { email: 'b', role: 'guest', team: 'u' },
    ]);
  });

  it('applies entities of one key in their order, and gives each the row they became', async () => {
    const { identifiers } = await members.upsert(
      [{ email: 'a', team: 't' }, { email: 'b' }, { email: 'a', role: 'admin' }],
      ['email'],
    );
    expect(identifiers[0]).toEqual(identifiers[2]);
    expect(await stored()).toMatchObject([{ email: 'a', role: 'admin', team: 't' }, { email: 'b' }]);
  });

  it('takes more than 65,535 values', async () => {
    const entities = Array.from({ length: 13_200 }, (_, n) => ({
      email: `m${n}`,
      role: 'r',
      team: 't',
      place: n,
      joined: n,
    }));
    const { identifiers } = await members.upsert(entities, ['email']);
    expect(new Set(identifiers.map(({ id }) => id)).size).toBe(entities.length);
    expect(await app.count('members')).toBe(entities.length);
  });

  it('writes no row that says nothing new, and its entity has the values all the same', async () => {
    await members.upsert({ email: 'a', team: 't' }, ['email']);
    const entity = Object.assign(new Member(), { email: 'a', team: 't' });
    const { identifiers } = await members.upsert(entity, ['email']);
    expect(identifiers).toEqual([{ id: 1 }]);
    expect(entity).toMatchObject({ id: 1, version: 1 });
  });

  it('counts up the version, and updates rows that are soft-deleted', async () => {
    await members.upsert({ email: 'a' }, ['email']);
    await app.rows('UPDATE members SET "deletedAt" = now()');
    const { generatedMaps } = await members.upsert({ email: 'a', team: 't' }, ['email']);
    expect(generatedMaps).toMatchObject([{ version: 2, deletedAt: expect.any(Date) }]);
    await members.upsert({ email: 'a', deletedAt: null }, ['email']);
    expect(await stored()).toMatchObject([{ team: 't', deletedAt: null, version: 3 }]);
  });

  it('is not confused by a list that its owner changes meanwhile', async () => {
    const [a, b, c]: Partial<Member>[] = [{ email: 'a' }, { email: 'b' }, { email: 'c' }];
    const entities = [a, b] as Partial<Member>[];
    const upserting = members.upsert(entities, ['email']);
    entities.splice(0, 2, c as Partial<Member>);
    await upserting;
    expect([a?.id, b?.id, c?.id]).toEqual([1, 2, undefined]);
    expect(await stored()).toMatchObject([{ email: 'a' }, { email: 'b' }]);
  });

  it('runs no listeners', async () => {
    const entity = () => Object.assign(new Heard(), { id: 1, name: 'own' });
    await app.dataSource.getRepository(Heard).upsert(entity(), ['id']);
    expect(await app.rows('SELECT name FROM heard')).toEqual([{ name: 'heard' }]);
    await app.loader.for(Heard).upsert(entity(), ['id']);
    expect(await app.rows('SELECT name FROM heard')).toEqual([{ name: 'own' }]);
  });

  it('is part of the transaction of withManager', async () => {
    await app.dataSource.transaction((manager) => members.withManager(manager).upsert({ email: 'a' }, ['email']));
    const rolledBack = app.dataSource.transaction(async (manager) => {
      await members.withManager(manager).upsert({ email: 'b' }, ['email']);
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    expect(await stored()).toMatchObject([{ email: 'a' }]);
  });

  it('names what was rejected, by a rule or by Postgres, and keeps nothing of it', async () => {
    const reject = (entities: object[]) => members.untyped().upsert(entities, ['email']);
    const byRule = reject([{ email: 'a' }, { email: 'b', place: 'no' }, { team: 't' }]);
    await expect(byRule).rejects.toBeInstanceOf(RejectLimitExceededError);
    await expect(byRule).rejects.toMatchObject({
      rejects: [
        { position: 1, reason: 'wrong_type', column: 'place' },
        { position: 2, reason: 'missing_key', column: 'email' },
      ],
      result: { rejects: [] },
    });
    await members.upsert({ email: 'a', team: 't', place: 1 }, ['email']);
    const byPostgres = reject([{ email: 'b', team: 't', place: 1 }]);
    await expect(byPostgres).rejects.toMatchObject({ rejects: [{ position: 0, reason: '23505' }] });
    expect(await stored()).toMatchObject([{ email: 'a' }]);
    expect(await app.count('storage_rejected_records')).toBe(0);
  });

  it.each<[string, UpsertOptions<Member> | string[]]>([
    ['emial', ['emial']],
    ['team', ['team']],
    ['conflictPaths', {} as UpsertOptions<Member>],
    ['upsertType', { conflictPaths: ['email'], upsertType: 'primary-key' }],
    ['returning', { conflictPaths: ['email'], returning: '*' }],
    ['emial', { conflictPaths: ['email'], returning: ['emial'] }],
    ['overwriteCondition', { conflictPaths: ['email'], overwriteCondition: { where: { role: 'guest' } } }],
    ['unique key', null as unknown as string[]],
  ])('refuses by name what it does not do: %s', async (name, conflict) => {
    const upserted = members.upsert({ email: 'a' }, conflict);
    await expect(upserted).rejects.toBeInstanceOf(InvalidLoadError);
    await expect(upserted).rejects.toThrow(name);
  });

  it('has types: an entity with a field that it does not have does not compile', async () => {
    // @ts-expect-error: not its field
    await expect(members.upsert({ emial: 'a' }, ['email'])).rejects.toThrow('first rejected record');
    const { identifiers } = await app.profiles.upsert({ submissionId: 'a', title: 't' }, ['submissionId']);
    const [{ submissionId: id } = { submissionId: '' }] = identifiers;
    expect(id).toBe('a');
    // @ts-expect-error: not its column
    expect(identifiers[0]?.nothing).toBeUndefined();
  });
});
