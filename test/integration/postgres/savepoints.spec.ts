import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { rolledBack, withSavepoint } from '../../../src/postgres/with-transaction.js';
import { createTestDatabase, type TestDatabase } from '../../../src/testing/index.js';

describe('work that is tried and rolled back', () => {
  let database: TestDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });
  beforeEach(() => client.query('BEGIN; CREATE TEMPORARY TABLE written (id integer) ON COMMIT DROP'));
  afterEach(() => client.query('ROLLBACK'));

  const write = (id: number): Promise<unknown> => client.query('INSERT INTO written VALUES ($1)', [id]);
  const written = async (): Promise<number[]> =>
    (await client.query<{ id: number }>('SELECT id FROM written ORDER BY id')).rows.map(({ id }) => id);

  it('leaves nothing of what it wrote under savepoints of its own, and returns its result', async () => {
    const result = await withSavepoint(client, async () => {
      await write(1);
      return rolledBack(client, async () => {
        await withSavepoint(client, () => write(2));
        await rolledBack(client, () => write(3));
        await withSavepoint(client, () => write(4));
        return written();
      });
    });
    expect(result).toEqual([1, 2, 4]);
    expect(await written()).toEqual([1]);
  });

  it('leaves nothing around it either, when an error ends it after a savepoint of its own', async () => {
    const attempt = withSavepoint(client, async () => {
      await write(1);
      await rolledBack(client, async () => {
        await withSavepoint(client, () => write(2));
        throw new Error('deadlock');
      });
    });
    await expect(attempt).rejects.toThrow('deadlock');
    expect(await written()).toEqual([]);
  });
});
