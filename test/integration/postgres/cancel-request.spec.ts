import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { isCancelRequest } from '../../../src/postgres/faults/cancel-request.js';
import { createTestDatabase, type TestDatabase } from '../../../src/testing/index.js';
import { errorOf } from '../../support/parity/faults.js';

const ITSELF = 'SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(5)';

describe('a cancelled statement', () => {
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

  it.each([
    ['a request', ITSELF, true],
    [
      'a request, within a function',
      `DO $$ BEGIN PERFORM pg_cancel_backend(pg_backend_pid()), pg_sleep(5); END $$`,
      true,
    ],
    ['statement_timeout', 'SET statement_timeout = 20; SELECT pg_sleep(5)', false],
    ['a trigger that raises its code', `DO $$ BEGIN RAISE 'x' USING ERRCODE = '57014'; END $$`, false],
  ])('was cancelled by %s, in whatever language the server tells it', async (_, statement, byRequest) => {
    const [set, ...rest] = statement.startsWith('SET') ? statement.split('; ') : [undefined, statement];
    if (set !== undefined) {
      await client.query(set);
    }
    const error = Object.assign((await errorOf(client.query(rest.join('')))) as Error, { message: 'annullamento' });
    await client.query('SET statement_timeout = 0');
    expect(error).toMatchObject({ code: '57014' });
    expect(await isCancelRequest(error, (work) => work(client))).toBe(byRequest);
  });

  it('is taken for one that took too long where the server cannot be asked', async () => {
    const error = await errorOf(client.query(ITSELF));
    expect(await isCancelRequest(error, () => Promise.reject(new Error('gone')))).toBe(false);
  });
});
