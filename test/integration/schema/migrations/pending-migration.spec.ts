import { readFile, writeFile } from 'node:fs/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { ExtraFields, SchemaService, writeMigration, type WrittenMigration } from '../../../../src/index.js';
import { withTemporaryDir } from '../../../support/processes/embedded-processes.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

@Entity('meters')
class Meter {
  @PrimaryColumn('text')
  id: string;

  @Column('integer', { nullable: true })
  small: number | null;

  @Column('text')
  need: string;

  @ExtraFields()
  @Column({ type: 'jsonb', nullable: true })
  extra: Record<string, unknown> | null;
}

describe('an existing migration in the folder', () => {
  let app: StorageApp;
  let schema: SchemaService;
  beforeEach(async () => {
    app = await startAppWith([Meter]);
    schema = app.module.get(SchemaService);
    await app.rows('CREATE TABLE migrations (name text)');
  });
  afterEach(() => app.close());

  const load = (...records: object[]) => app.loader.load(Meter, records);
  const promote = async (folder: string) => writeMigration(await schema.propose(Meter), folder);
  const widen = async (folder: string) => writeMigration(await schema.proposeWidening(Meter), folder);
  const note = (written: WrittenMigration | undefined) =>
    app.rows('INSERT INTO migrations VALUES ($1)', [written?.className]);
  const pending = (written: WrittenMigration | undefined) => ({
    code: 'MIGRATION_PENDING',
    message: expect.stringContaining(`A pending migration already covers part of this: ${written?.path}. Run it first`),
  });

  it('that adds one of the columns must run first, whatever its quotes', () =>
    withTemporaryDir(async (folder) => {
      await load({ id: 'a', need: 'n', ups: 1, "it's {odd}": 2 });
      const written = await promote(folder);
      await load({ id: 'b', need: 'n', ups: 1, downs: 1 });
      await expect(promote(folder)).rejects.toMatchObject(pending(written));
      const source = await readFile(written?.path ?? '', 'utf8');
      await writeFile(written?.path ?? '', source.replaceAll(/'(\w+)'/g, '"$1"'));
      await expect(promote(folder)).rejects.toMatchObject(pending(written));
    }));

  it('that has run, and whose columns were dropped, allows another one', () =>
    withTemporaryDir(async (folder) => {
      await load({ id: 'a', need: 'n', ups: 1 });
      await note(await promote(folder));
      expect(await promote(folder)).toMatchObject({ registeredIn: undefined });
    }));

  it('that adds other columns, or columns of another table, allows another one', () =>
    withTemporaryDir(async (folder) => {
      await load({ id: 'a', need: 'n', ups: 1 });
      const { path = '', className = '' } = (await promote(folder)) ?? {};
      const source = await readFile(path, 'utf8');
      for (const other of [
        source.replace(`column: 'ups'`, `column: 'downs'`),
        source.replace(`table: 'meters'`, `schema: 'elsewhere',\n  table: 'meters'`),
        source.replace(`type: 'bigint'`, `type: 'bigint', existing: 'captured'`),
        source.replaceAll('promoteFields', 'ofSomebodyElse'),
      ]) {
        expect(other).not.toBe(source);
        await writeFile(path, other);
        const written = await promote(folder);
        expect(written?.className).not.toBe(className);
        await note(written);
      }
      await writeFile(path, source);
      await expect(promote(folder)).rejects.toMatchObject({ code: 'MIGRATION_PENDING' });
    }));

  it.each([{ small: 3_000_000_000 }, { need: null }])('that widens for %j must run first', (part) =>
    withTemporaryDir(async (folder) => {
      await load({ id: 'a', need: 'n', small: 1 }, { id: 'b', need: 'n', ...part });
      const written = await widen(folder);
      await expect(widen(folder)).rejects.toMatchObject(pending(written));
      await note(written);
      expect((await widen(folder))?.className).not.toBe(written?.className);
    }),
  );

  it('that widened a column allows a wider one', () =>
    withTemporaryDir(async (folder) => {
      await load({ id: 'b', need: 'n', small: 3_000_000_000 });
      await widen(folder);
      await load({ id: 'b', need: 'n', small: 2n ** 70n });
      await expect(widen(folder)).rejects.toMatchObject({ code: 'MIGRATION_PENDING' });
      await app.rows('ALTER TABLE meters ALTER small TYPE bigint');
      expect(await widen(folder)).toMatchObject({ path: expect.stringContaining(folder) });
    }));
});
