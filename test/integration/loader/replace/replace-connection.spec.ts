import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { LoadFailedError } from '../../../../src/index.js';
import { errorOf } from '../../../support/parity/faults.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';

const REPLACE = { disposition: 'replace', batchSize: 10 } as const;

function* records(count: number) {
  for (let index = 0; index < count; index += 1) {
    yield { submission_id: `n${index}`, title: 'new' };
  }
}

describe('a replace that loses its connection', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
    await app.rows(`
      CREATE SEQUENCE attempts;
      CREATE FUNCTION die_once() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF nextval('attempts') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
          RETURN NULL;
        END $$;
    `);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.profiles.store(['a', 'b', 'c'].map((id) => ({ submission_id: id, title: 'old' })));
  });

  const titles = () => app.rows('SELECT title, count(*)::integer AS n FROM submissions GROUP BY 1 ORDER BY 1');

  describe('before its COMMIT', () => {
    beforeEach(() =>
      app.rows(`
        ALTER SEQUENCE attempts RESTART;
        CREATE TRIGGER die_once AFTER INSERT ON submissions FOR EACH STATEMENT EXECUTE FUNCTION die_once();
      `),
    );
    afterEach(() => app.rows('DROP TRIGGER die_once ON submissions'));

    it('reads its source again if it can', async () => {
      expect(await app.profiles.store([...records(25)], REPLACE)).toMatchObject({
        received: 25,
        inserted: 25,
        removed: 3,
      });
      expect(await titles()).toEqual([{ title: 'new', n: 25 }]);
      expect(await app.rows('SELECT last_value FROM attempts')).not.toEqual([{ last_value: '1' }]);
    });

    it('fails with the table as it was if it cannot', async () => {
      const error = await errorOf(app.profiles.storeBatch(records(25), REPLACE));
      expect(error).toBeInstanceOf(LoadFailedError);
      expect((error as Error).message).toContain('A replace is one transaction: all of it is committed, or nothing');
      expect(error).toMatchObject({ cause: { code: '57P01' }, result: { received: 25, failed: 25, inserted: 0 } });
      expect(await titles()).toEqual([{ title: 'old', n: 3 }]);
      expect(await app.count(`storage_loads WHERE status = 'failed'`)).toBe(1);
    });
  });

  describe('after its COMMIT, before the reply', () => {
    const { prototype } = pg.Client as unknown as { prototype: { query(...parameters: unknown[]): unknown } };
    const { query } = prototype;
    let lost = 0;
    const given = [...records(25), { submission_id: 'n1', title: 5 }];
    beforeEach(() => {
      lost = 0;
      prototype.query = function (this: pg.Client, ...parameters: unknown[]) {
        const reply = query.apply(this, parameters);
        if (parameters[0] !== 'COMMIT' || !(reply instanceof Promise)) return reply;
        return reply.then(async (result: unknown) => {
          // Only the commit that swaps the content.
          if (lost > 0 || (await app.count(`submissions WHERE title = 'old'`)) > 0) return result;
          lost += 1;
          throw new Error('Connection terminated unexpectedly');
        });
      };
    });
    afterEach(() => {
      prototype.query = query;
    });

    it.each([
      ['an array', (): Iterable<object> | AsyncIterable<object> => given],
      ['a source that cannot be read again', () => given.values()],
    ])('finds that all of it is in, once: %s', async (_, shape) => {
      const result = await app.profiles.storeBatch(shape(), { ...REPLACE, maxRejects: 1 });
      expect(lost).toBe(1);
      expect(result).toMatchObject({ received: 26, inserted: 25, rejected: 1, removed: 3, failed: 0, batches: 1 });
      expect(await titles()).toEqual([{ title: 'new', n: 25 }]);
      expect(await app.count('storage_rejected_records')).toBe(1);
      expect(await app.rows(`SELECT status FROM storage_loads WHERE id = $1`, [result.loadId])).toEqual([
        { status: 'completed' },
      ]);
    });
  });
});
