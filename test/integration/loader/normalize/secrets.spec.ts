import { inspect } from 'node:util';

import { type LoggerService } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

import { startAppWith } from '../../../support/entities/own-entities.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

const SECRET = 'xyzzy-4711';

@Entity('accounts')
@Check('sane', `"mail" NOT LIKE '%broken%'`)
@Index('one_mail', ['mail'], { unique: true })
class Account {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  mail: string | null;

  @Column('varchar', { length: 12, nullable: true })
  nick: string | null;

  @Column('enum', { enum: ['on', 'off'], enumName: 'account_state', nullable: true })
  state: string | null;

  @Column('inet', { nullable: true })
  address: string | null;

  @Column('integer', { nullable: true })
  age: number | null;

  @Column('timestamptz', { nullable: true })
  seen: Date | null;

  @Column('jsonb', { nullable: true })
  profile: unknown;
}

/** Everything that is said while it runs. */
class Listener implements LoggerService {
  readonly said: unknown[] = [];
  log = (...parts: unknown[]) => this.said.push(parts);
  error = this.log;
  warn = this.log;
}

describe('errors, logs and stored messages', () => {
  let app: StorageApp;
  const listener = new Listener();
  beforeAll(async () => {
    app = await startAppWith([Account], { loader: { maxAttempts: 2 } });
    app.module.useLogger(listener);
    await app.rows(`
      CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'row %', NEW USING ERRCODE = TG_ARGV[0], DETAIL = NEW::text, HINT = NEW::text; END $$;
      CREATE TRIGGER shout_internal BEFORE INSERT ON accounts FOR EACH ROW WHEN (NEW.age = -1) EXECUTE FUNCTION shout('XX000');
      CREATE TRIGGER shout_custom BEFORE INSERT ON accounts FOR EACH ROW WHEN (NEW.age = -2) EXECUTE FUNCTION shout('P0001');
      CREATE TRIGGER shout_denied BEFORE INSERT ON accounts FOR EACH ROW WHEN (NEW.age = -3) EXECUTE FUNCTION shout('42501');
      CREATE TRIGGER shout_collision BEFORE INSERT ON accounts FOR EACH ROW WHEN (NEW.age = -4) EXECUTE FUNCTION shout('40001');
    `);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    listener.said.length = 0;
    await emptyTables(app);
    await app.rows('DELETE FROM accounts');
    await app.loader.load(Account, [{ id: 'first', mail: `${SECRET}@x` }]);
    app.stats.reset();
  });

  async function expectSilence(...outcomes: unknown[]): Promise<void> {
    const stored = await app.rows('SELECT reason, column_name, message FROM storage_rejected_records');
    const loads = await app.rows('SELECT error_code, error_message, source FROM storage_loads');
    const said = inspect([outcomes, stored, loads, app.stats.snapshot(), listener.said], {
      depth: 20,
      showHidden: true,
    });
    expect(said).not.toContain(SECRET);
  }

  it.each<[string, Record<string, unknown>, string]>([
    ['a duplicate key', { mail: `${SECRET}@x` }, '23505'],
    ['a broken check', { mail: `${SECRET} broken` }, '23514'],
    ['an enum', { state: SECRET }, '22P02'],
    ['an address', { address: SECRET }, '22P02'],
    ['a text too long', { nick: `${SECRET} ${SECRET}` }, 'too_long'],
    ['a wrong type', { age: SECRET }, 'wrong_type'],
    ['a date', { seen: SECRET }, 'invalid_date_time'],
    ['a NUL', { mail: `${SECRET}\0` }, 'nul_character'],
    ['a jsonb value', { profile: { [`${SECRET}\ud800`]: SECRET } }, 'lone_surrogate'],
    ['a failed validation', { profile: { n: Number.NaN, s: SECRET } }, 'not_finite'],
  ])('never hold the values of a rejected record: %s', async (_, fields, reason) => {
    const result = await app.loader.load(Account, [{ id: 'x', ...fields }]);
    expect(result.rejects).toMatchObject([{ reason }]);
    await expectSilence(result);
  });

  it.each([
    ['an internal error', -1],
    ['an exception of a trigger', -2],
    ['an error that usually names objects only', -3],
    ['a collision that is tried again', -4],
  ])('never hold the values of a load that failed: %s', async (_, age) => {
    const record = { id: 'x', mail: SECRET, nick: 'n', age };
    const error: unknown = await app.loader.load(Account, [record]).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ name: 'LoadFailedError', result: { failed: 1 } });
    const batch: unknown = await app.loader.loadBatch(Account, [record]).catch((failure: unknown) => failure);
    expect(batch).toBeInstanceOf(Object);
    await expectSilence(error, batch);
  });

  it('still name code, table, column and constraint', async () => {
    const result = await app.loader.load(Account, [{ id: 'x', mail: `${SECRET}@x` }]);
    expect(result.rejects[0]?.message).toBe('duplicate key (table accounts, constraint one_mail) [23505]');
  });

  it('never hold the password of the connection', async () => {
    const { password } = new URL((app.dataSource.options as { url: string }).url);
    const error: unknown = await app.loader.load(Account, [{ id: 'x', age: -1 }]).catch((failure: unknown) => failure);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(password);
  });
});
