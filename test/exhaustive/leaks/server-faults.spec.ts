import { inspect } from 'node:util';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';

import { type LoaderModuleOptions, StorageModule } from '../../../src/index.js';
import { Account, FAILING_TRIGGER } from '../../support/app/leaking-accounts.js';
import { MARK, Witness } from '../../support/app/leaks.js';
import { withLoginRole } from '../../support/database/login-role.js';
import { startAppWith } from '../../support/entities/own-entities.js';
import { emptyTables } from '../../support/app/quarantine.js';
import {
  initStorageApp,
  startStorageApp,
  startStorageAppAt,
  startStorageAppBeside,
  type StorageApp,
} from '../../support/app/storage-app.js';

const RECORD = { id: MARK, mail: MARK };
const FEW_ATTEMPTS = { maxAttempts: 2, maxRetryMs: 1000 };

describe('a secret in a record that the server rejects', () => {
  let app: StorageApp;
  let witness: Witness;
  beforeAll(async () => {
    app = await startAppWith([Account], { loader: FEW_ATTEMPTS });
    await app.rows(FAILING_TRIGGER);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('DELETE FROM accounts');
    app.loader.clearPlans();
    await app.loader.load(Account, [{ id: 'first' }]);
    app.stats.reset();
    witness = new Witness();
    witness.follow(app);
  });

  async function failure(record: object = RECORD, { loader } = app): Promise<unknown> {
    const options = { onProgress: witness.onProgress };
    const batch: unknown = await loader.loadBatch(Account, [record], options).catch((error: unknown) => error);
    const whole: unknown = await loader.load(Account, [record], options).catch((error: unknown) => error);
    return [batch, whole];
  }
  /** Of an application with these timeouts; the others have none, so that nothing ends their statements. */
  async function expectToldNowhere(timeouts: LoaderModuleOptions, record: object, code: string): Promise<void> {
    const loader = { ...FEW_ATTEMPTS, ...timeouts };
    const hurried = await startStorageAppBeside(app, { loader }, [StorageModule.forFeature([Account])]);
    try {
      witness.follow(hurried);
      const outcome = await failure(record, hurried);
      expect(inspect(outcome, { depth: 5 })).toContain(`[${code}]`);
      expect(await witness.leaks(hurried, outcome)).toEqual([]);
    } finally {
      await hurried.close();
    }
  }

  it.each([
    [
      'its table has gone',
      'ALTER TABLE accounts RENAME TO gone',
      'ALTER TABLE gone RENAME TO accounts',
      'SCHEMA_MISMATCH',
    ],
    [
      'a column has gone',
      'ALTER TABLE accounts RENAME mail TO gone',
      'ALTER TABLE accounts RENAME gone TO mail',
      'SCHEMA_MISMATCH',
    ],
  ])('is not leaked when %s', async (_, change, back, said) => {
    await app.rows(change);
    const outcome = await failure().finally(() => app.rows(back));
    expect(inspect(outcome, { depth: 5 })).toContain(said);
    expect(await witness.leaks(app, outcome)).toEqual([]);
  });

  it('is not leaked when its statement takes too long', () =>
    expectToldNowhere({ statementTimeoutMs: 300 }, { ...RECORD, does: 'sleep' }, '57014'));

  it('is not leaked when its row is locked', () =>
    app.dataSource.transaction(async (manager) => {
      await manager.query(`UPDATE accounts SET nick = 'x' WHERE id = 'first'`);
      await expectToldNowhere({ lockTimeoutMs: 100 }, { id: 'first', mail: MARK }, '55P03');
    }));

  it('is not leaked when the transaction is interrupted', async () => {
    await app.rows(`
      CREATE FUNCTION pull() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
      CREATE TRIGGER pull BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION pull()`);
    const outcome = await failure().finally(() => app.rows('DROP TRIGGER pull ON accounts; DROP FUNCTION pull'));
    expect(inspect(outcome, { depth: 5 })).toContain('[57P01]');
    expect(await witness.leaks(app, outcome)).toEqual([]);
  });
});

describe('a password in the url', () => {
  it('is not leaked, nor a record, when the role may not write', async () => {
    const owner = await startStorageApp();
    await withLoginRole(owner, async (url, role) => {
      await owner.rows(`REVOKE INSERT ON submissions FROM ${role}`);
      const { password } = new URL(url);
      const app = await startStorageAppAt(url, { migrations: 'off' });
      const witness = new Witness();
      witness.follow(app);
      const load = app.profiles.store([{ submission_id: MARK, title: MARK }], { onProgress: witness.onProgress });
      const outcome: unknown = await load.catch((error: unknown) => error);
      expect(inspect(outcome, { depth: 5 })).toContain('[42501]');
      expect(await witness.leaks(app, outcome)).toEqual([]);
      expect(inspect([outcome, witness.heard], { depth: Infinity, showHidden: true })).not.toContain(password);
      await app.close();
    });
    await owner.close();
  });

  it.each([
    ['no server answers', (url: URL) => `postgres://user:${MARK}@127.0.0.1:1${url.pathname}`],
    ['it is wrong', (url: URL) => `postgres://${url.username}:${MARK}@${url.host}${url.pathname}`],
    ['the user is unknown', (url: URL) => `postgres://nobody:${MARK}@${url.host}${url.pathname}`],
    ['there is no such host', (url: URL) => `postgres://user:${MARK}@nowhere.invalid${url.pathname}`],
    ['it holds a slash, unescaped', (url: URL) => `postgres://user:1/${MARK}@${url.host}/x`],
    ['it holds a hash, unescaped', (url: URL) => `postgres://user:#${MARK}@${url.host}/x`],
    ['it holds a percent sign', (url: URL) => `postgres://user:%zz${MARK}@${url.host}/x`],
    ['the scheme is another', (url: URL) => `mysql://user:${MARK}@${url.host}/x`],
  ])('is not leaked when %s', async (_, urlOf) => {
    const witness = new Witness();
    const owner = await startStorageApp();
    const url = urlOf(new URL((owner.dataSource.options as { url: string }).url));
    const starting = async (): Promise<unknown> => {
      const module = Test.createTestingModule({ imports: [StorageModule.forRoot({ url, connectTimeoutMs: 2000 })] });
      return initStorageApp(await module.setLogger(witness.logger).compile());
    };
    const error: unknown = await starting().then(
      () => expect('the application').toBe('not started'),
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ name: 'StorageError' });
    expect(witness.leaksOf(error)).toEqual([]);
    await owner.close();
  });
});
