import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

import { SchemaService } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { describeOn } from '../../../support/needs/needs.js';

@Entity('members')
@Index('member_name', ['club', 'name'], { unique: true, where: 'left_at IS NULL' })
@Index('member_club', ['club'])
class Member {
  @PrimaryColumn('integer')
  id: number;

  @Column('text', { nullable: true })
  club: string | null;

  @Column('text', { nullable: true })
  name: string | null;

  @Column('timestamptz', { name: 'left_at', nullable: true })
  leftAt: Date | null;

  @Column('text', { nullable: true, unique: true })
  code: string | null;
}

describe('schema check of keys', () => {
  let app: StorageApp;
  const differences = async () => (await app.module.get(SchemaService).check(Member)).differences;
  beforeAll(async () => {
    app = await startAppWith([Member]);
  });
  afterAll(() => app.close());

  it('accepts a partial key under its own name or another', async () => {
    expect(await differences()).toEqual([]);
    await app.rows('ALTER INDEX member_name RENAME TO another');
    expect(await differences()).toEqual([]);
    await app.rows('ALTER INDEX another RENAME TO member_name');
  });

  it('does not take a partial index for a whole one', async () => {
    await app.rows('DROP INDEX member_club; CREATE INDEX member_some ON members (club) WHERE id > 0');
    expect(await differences()).toMatchObject([{ kind: 'index', expected: 'index member_club', actual: 'none' }]);
    await app.rows('DROP INDEX member_some; CREATE INDEX member_club ON members (club)');

    const [constraint] = await app.rows<{ name: string }>(
      `SELECT conname AS name FROM pg_constraint WHERE conrelid = 'members'::regclass AND contype = 'u'`,
    );
    await app.rows(`ALTER TABLE members DROP CONSTRAINT "${constraint?.name}";
      CREATE UNIQUE INDEX some_codes ON members (code) WHERE id > 0`);
    expect(await differences()).toMatchObject([
      { kind: 'unique key', expected: 'a unique index', actual: 'the partial index some_codes' },
    ]);
    await app.rows('DROP INDEX some_codes; CREATE UNIQUE INDEX codes ON members (code)');
  });

  describeOn({ since: 15, because: 'NULLS NOT DISTINCT' })('accepts', () => {
    it('a unique index to which nulls are equal', async () => {
      await app.rows('DROP INDEX codes; CREATE UNIQUE INDEX codes ON members (code) INCLUDE (id) NULLS NOT DISTINCT');
      expect(await differences()).toEqual([]);
    });
  });

  describeOn({ since: 18, because: 'NOT ENFORCED' })('knows', () => {
    it('constraints that are not enforced, which a load leaves alone', async () => {
      await app.rows('ALTER TABLE members ADD CONSTRAINT positive CHECK (id > 0) NOT ENFORCED');
      expect(await differences()).toEqual([]);
      for (const disposition of ['merge', 'replace'] as const) {
        expect(await app.loader.load(Member, [{ id: -1, code: 'a' }], { disposition })).toMatchObject({ ok: true });
      }
    });
  });
});
