import { setImmediate as turnOfEvents } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, type EntityManager, PrimaryColumn } from 'typeorm';

import { InvalidLoadError, LoadInterruptedError } from '../../../../src/index.js';
import { clientOf } from '../../../../src/postgres/with-transaction.js';
import { watchingOverlaps } from '../../../support/database/overlapping-queries.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { errorOf } from '../../../support/parity/faults.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

@Entity('first')
class First {
  @PrimaryColumn('integer')
  id: number;
}

@Entity('second')
class Second {
  @PrimaryColumn('integer')
  id: number;

  @Column('integer', { nullable: true })
  n: number | null;
}

const ids = (count: number, from = 0): { id: number }[] =>
  Array.from({ length: count }, (_, id) => ({ id: from + id }));

describe('loads of one transaction that are called at once', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([First, Second]);
    await app.rows('ALTER TABLE second ADD CHECK (n < 1000)');
  });
  afterAll(() => app.close());
  beforeEach(() => app.rows('TRUNCATE first, second, submissions, app_opportunities, storage_loads CASCADE'));

  const inTransaction = <T>(work: (manager: EntityManager) => Promise<T>) => app.dataSource.transaction(work);
  const first = (manager: EntityManager) => app.loader.for(First).withManager(manager);
  const second = (manager: EntityManager) => app.loader.for(Second).withManager(manager);
  const counts = async () => [await app.count('first'), await app.count('second')];

  it('keep their rows when one of them has a rejected record', async () => {
    const [a, b, c, hybrid, replaced] = await inTransaction((manager) =>
      Promise.all([
        first(manager).load(ids(3)),
        second(manager).load([...ids(209), { id: 209, n: 1000 }]),
        first(manager).loadBatch(ids(600, 1000), { batchSize: 300 }),
        app.hybrid.withManager(manager).store([{ submission_id: 'a', problem_description: 'p' }]),
        second(manager).loadBatch(ids(10), { disposition: 'replace' }),
      ]),
    );
    expect(a).toMatchObject({ inserted: 3, ok: true });
    expect(b).toMatchObject({ inserted: 209, rejected: 1, unchanged: 0 });
    expect(c).toMatchObject({ inserted: 600, ok: true });
    expect(hybrid).toMatchObject({ stored: 1 });
    expect(replaced).toMatchObject({ unchanged: 10, removed: 199 });
    expect(await counts()).toEqual([603, 10]);
  });

  it('never send a query while another one runs', async () => {
    await inTransaction(async (manager) => {
      const { sent, overlapping } = await watchingOverlaps(await clientOf(manager), () =>
        Promise.all([first(manager).load(ids(3)), second(manager).load(ids(5))]),
      );
      expect(sent).toBeGreaterThan(10);
      expect(overlapping).toBe(0);
    });
  });

  it('go on after one that failed', async () => {
    const [stopped, other] = await inTransaction((manager) =>
      Promise.allSettled([
        second(manager).load([...ids(3), { id: 3, n: 1000 }], { maxRejects: 0 }),
        first(manager).load(ids(3)),
      ]),
    );
    expect(stopped).toMatchObject({ status: 'rejected', reason: { name: 'RejectLimitExceededError' } });
    expect(other).toMatchObject({ status: 'fulfilled', value: { inserted: 3 } });
    expect(await counts()).toEqual([3, 0]);
  });

  it('are rejected when each would wait for the other, also through another transaction', async () => {
    async function* nested(inner: () => Promise<unknown>): AsyncGenerator<object> {
      yield { id: 1 };
      await inner();
      yield { id: 2 };
    }
    const seen: unknown[] = [];
    await inTransaction(async (manager) => {
      const self = async (): Promise<unknown> => seen.push(await errorOf(second(manager).load(ids(1))));
      expect(await first(manager).loadBatch(nested(self), { batchSize: 1 })).toMatchObject({ inserted: 2 });
      const around = (): Promise<unknown> => inTransaction((other) => second(other).loadBatch(nested(self)));
      expect(await first(manager).loadBatch(nested(around), { batchSize: 1 })).toMatchObject({ unchanged: 2 });
    });
    expect(seen).toHaveLength(2);
    seen.forEach((error) => expect(error).toBeInstanceOf(InvalidLoadError));
    expect(String(seen[0])).toMatch(/same transaction/);
    expect(await counts()).toEqual([2, 2]);
  });

  it('may be started by a listener, and after the load whose source started it', async () => {
    const started: Promise<unknown>[] = [];
    let release = (): void => {};
    const afterwards = new Promise<void>((resolve) => (release = resolve));
    await inTransaction(async (manager) => {
      async function* source(): AsyncGenerator<object> {
        yield* ids(2);
        started.push(afterwards.then(() => second(manager).load(ids(1, 5))));
      }
      const onProgress = (): void => void started.push(second(manager).load(ids(1, started.length)));
      await first(manager).loadBatch(source(), { onProgress });
      release();
      await Promise.all(started);
    });
    expect(started.length).toBeGreaterThan(2);
    expect(await counts()).toEqual([2, started.length]);
  });

  it('end before their transaction is rolled back: nothing of them is committed by itself', async () => {
    let waits = (): void => {};
    const endless = async function* (): AsyncGenerator<object> {
      for (const record of ids(1_000)) {
        yield record;
        await turnOfEvents();
      }
    };
    const running: Promise<unknown>[] = [];
    const outcome = inTransaction(async (manager) => {
      const loading = new Promise<void>((resolve) => (waits = resolve));
      running.push(
        errorOf(second(manager).loadBatch(endless(), { batchSize: 2, onProgress: () => waits() })),
        errorOf(first(manager).load(ids(300))),
      );
      await loading;
      throw new Error('the caller gives up');
    });
    await expect(outcome).rejects.toThrow('the caller gives up');
    (await Promise.all(running)).forEach((error) => expect(error).toBeInstanceOf(LoadInterruptedError));
    expect(await counts()).toEqual([0, 0]);
  });

  it('end before their transaction is committed', async () => {
    const running: Promise<unknown>[] = [];
    await inTransaction(async (manager) => {
      running.push(second(manager).loadBatch(ids(50), { batchSize: 5 }), first(manager).load(ids(300)));
    });
    expect(await counts()).toEqual([300, 50]);
    expect(await Promise.all(running)).toMatchObject([{ ok: true }, { ok: true }]);
  });
});
