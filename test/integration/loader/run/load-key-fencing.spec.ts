import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { LoadFailedError, type LoadOptions } from '../../../../src/index.js';
import { errorOf, withLocks } from '../../../support/parity/faults.js';
import { checkedLedger } from '../../../support/app/ledger.js';
import { untilLockIsAwaited } from '../../../support/database/lock-waits.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, startStorageAppBeside, type StorageApp } from '../../../support/app/storage-app.js';

const post = (n: number) => ({ submission_id: `t3_${n}`, title: `title ${n}` });
const posts = (count: number) => Array.from({ length: count }, (_, n) => post(n));
const KEYED: LoadOptions = { loadKey: 'k', disposition: 'append', batchSize: 3 };

/** A promise and what resolves it. */
function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('loads of one key at the same time', () => {
  let app: StorageApp;
  /** On the same database; does not wait for what will not come. */
  let hurried: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { parallelism: 1, maxAttempts: 2 }, poolSize: 20 });
    hurried = await startStorageAppBeside(app, { loader: { parallelism: 1, maxAttempts: 2, lockTimeoutMs: 50 } });
    // So that a record which came twice would be there twice.
    await app.rows('ALTER TABLE submissions DROP CONSTRAINT submissions_pkey');
  });
  afterAll(async () => {
    await hurried.close();
    await app.close();
  });
  beforeEach(() => emptyTables(app));

  const ledger = () => checkedLedger((sql, parameters) => app.rows(sql, parameters), 'k');
  const expectOnce = async (count: number) => {
    expect(await app.rows('SELECT submission_id FROM submissions ORDER BY length(submission_id), 1')).toEqual(
      posts(count).map(({ submission_id }) => ({ submission_id })),
    );
    expect(await ledger()).toMatchObject({ status: 'completed', received: count, inserted: count });
  };
  /** Resolves when another connection waits for a lock on the row of the load. */
  const someoneWaits = () => untilLockIsAwaited(app.rows, 1, '%ON CONFLICT (load_key)%');
  /** Records of which the ones from `from` on come when the gate is open. */
  async function* slowPosts(count: number, from: number, reached: () => void, opened: Promise<void>) {
    for (let n = 0; n < count; n += 1) {
      if (n === from) {
        reached();
        await opened;
      }
      yield post(n);
    }
  }

  it('the later one takes over; the earlier one cannot commit another batch', async () => {
    const [reached, resumed] = [gate(), gate()];
    const earlier = errorOf(app.profiles.storeBatch(slowPosts(10, 4, reached.open, resumed.opened), KEYED));
    await reached.opened;
    const later = await app.profiles.storeBatch(posts(10), KEYED);
    expect(later).toMatchObject({ received: 10, receivedEarlier: 3, inserted: 10, ok: true });
    resumed.open();
    const error = await earlier;
    expect(error).toBeInstanceOf(LoadFailedError);
    expect((error as Error).message).toContain('A later load with the load key "k" has taken this one over');
    expect(error).toMatchObject({ cause: { code: 'LOAD_TAKEN_OVER' }, result: { inserted: 3, failed: 3 } });
    await expectOnce(10);
  });

  it('the earlier one cannot close the load either', async () => {
    const [reached, resumed, laterReached, laterResumed] = [gate(), gate(), gate(), gate()];
    const earlier = errorOf(app.profiles.storeBatch(slowPosts(10, 4, reached.open, resumed.opened), KEYED));
    await reached.opened;
    const later = app.profiles.storeBatch(slowPosts(10, 7, laterReached.open, laterResumed.opened), KEYED);
    await laterReached.opened;
    resumed.open();
    await earlier;
    expect(await app.rows('SELECT status, attempt, error_code FROM storage_loads')).toEqual([
      { status: 'running', attempt: 2, error_code: null },
    ]);
    laterResumed.open();
    expect(await later).toMatchObject({ received: 10, inserted: 10, ok: true });
    await expectOnce(10);
  });

  it('the later one waits for the batch the earlier one has in hand', async () => {
    const resumed = gate();
    await withLocks(app, 'LOCK TABLE submissions IN EXCLUSIVE MODE', async (release) => {
      // It has more to come, or it could close the load before the later one has the row.
      const records = slowPosts(4, 3, () => {}, resumed.opened);
      const earlier = errorOf(app.profiles.storeBatch(records, KEYED));
      await untilLockIsAwaited(app.rows);
      const later = app.profiles.storeBatch(posts(10), KEYED);
      await someoneWaits();
      await release();
      expect(await later).toMatchObject({ received: 10, receivedEarlier: 3, inserted: 10 });
      resumed.open();
      expect(await earlier).toMatchObject({ cause: { code: 'LOAD_TAKEN_OVER' }, result: { inserted: 3, failed: 1 } });
    });
    await expectOnce(10);
  });

  it('the later one gives up when a transaction does not end, and says what it waited for', async () => {
    await app.profiles.storeBatch(posts(3), { ...KEYED, maxRejects: 9 });
    await app.rows(`UPDATE storage_loads SET status = 'running'`);
    await withLocks(app, 'SELECT FROM storage_loads FOR SHARE', async () => {
      const error = await errorOf(hurried.profiles.storeBatch(posts(10), KEYED));
      expect(error).toBeInstanceOf(LoadFailedError);
      expect(error).toMatchObject({ cause: { code: 'LOAD_KEY_BUSY' } });
      expect((error as Error).message).toMatch(/Another transaction holds the load key "k"/);
    });
    expect(await app.profiles.storeBatch(posts(10), KEYED)).toMatchObject({ receivedEarlier: 3, inserted: 10 });
    await expectOnce(10);
  });

  it.each(['store', 'storeBatch'] as const)(
    '%s: of many at once, each is done, replayed or taken over',
    async (method) => {
      const loads = await Promise.allSettled(Array.from({ length: 8 }, () => app.profiles[method](posts(20), KEYED)));
      const ends = loads.map((load) =>
        load.status === 'fulfilled' ? load.value : (load.reason as { cause: { code: string } }).cause.code,
      );
      const done = expect.objectContaining({ received: 20, inserted: 20, ok: true });
      expect(ends).toContainEqual(done);
      expect(ends.filter((end) => end !== 'LOAD_TAKEN_OVER')).toEqual(
        ends.filter((end) => typeof end !== 'string').map(() => done),
      );
      await expectOnce(20);
    },
  );

  it('a replace holds its load until it has ended, and is not done by another one meanwhile', async () => {
    const idea = (n: number) => ({ ...post(n), problem_description: 'p' });
    const options: LoadOptions = { loadKey: 'k', disposition: 'replace' };
    const [reached, resumed] = [gate(), gate()];
    async function* slowIdeas() {
      yield idea(0);
      reached.open();
      await resumed.opened;
      yield idea(1);
    }
    const earlier = app.opportunities.storeBatch(slowIdeas(), { ...options, batchSize: 1 });
    await reached.opened;
    const other = posts(9).map(({ submission_id }) => ({ submission_id, problem_description: 'q' }));
    expect(await errorOf(hurried.opportunities.storeBatch(other, options))).toMatchObject({
      cause: { code: 'LOAD_KEY_BUSY' },
    });
    resumed.open();
    expect(await earlier).toMatchObject({ inserted: 2 });
    expect(await app.opportunities.storeBatch(other, options)).toMatchObject({ inserted: 2, alreadyCompleted: true });
    expect(await app.count('app_opportunities')).toBe(2);
  });

  describe('whose COMMIT gets no reply', () => {
    const { prototype } = pg.Client as unknown as { prototype: { query(...parameters: unknown[]): unknown } };
    const { query } = prototype;
    let lost = 0;
    beforeEach(() => {
      let commits = 0;
      lost = 0;
      prototype.query = function (this: pg.Client, ...parameters: unknown[]) {
        const reply = query.apply(this, parameters);
        if (parameters[0] !== 'COMMIT' || !(reply instanceof Promise)) return reply;
        commits += 1;
        if (commits % 2 === 0) return reply;
        return reply.then(() => {
          lost += 1;
          throw new Error('Connection terminated unexpectedly');
        });
      };
    });
    afterEach(() => {
      prototype.query = query;
    });

    it.each(['store', 'storeBatch'] as const)('%s: is done once all the same', async (method) => {
      expect(await app.profiles[method](posts(10), KEYED)).toMatchObject({ received: 10, inserted: 10, ok: true });
      expect(lost).toBeGreaterThan(1);
      await expectOnce(10);
    });

    it('a batch that is in counts, also when the load was taken over meanwhile', async () => {
      const [reached, resumed] = [gate(), gate()];
      const earlier = errorOf(app.profiles.storeBatch(slowPosts(10, 4, reached.open, resumed.opened), KEYED));
      await reached.opened;
      expect(await app.profiles.storeBatch(posts(10), KEYED)).toMatchObject({ receivedEarlier: 3, inserted: 10 });
      resumed.open();
      expect(await earlier).toMatchObject({ cause: { code: 'LOAD_TAKEN_OVER' }, result: { inserted: 3, failed: 3 } });
      await expectOnce(10);
    });
  });
});
