import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { traceOf } from '../../../src/cli/output/error-trace.js';
import { StorageError } from '../../../src/index.js';
import { connectionError } from '../../../src/postgres/faults/connection-error.js';
import { createTestDatabase, type TestDatabase } from '../../../src/testing/test-postgres.js';
import { errorOf } from '../../support/parity/faults.js';
import { THROUGH_PGBOUNCER } from '../../support/database/open-connections.js';
import { describeWithPassword } from '../../support/needs/needs.js';

const VALUE = 'value-of-a-row';
const PASSWORD = 'hunter2-of-the-url';

describe('what --verbose prints of an error', () => {
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

  const fromPostgres = () => errorOf(client.query(`SELECT '${VALUE}\n    at ${VALUE} (/x.js:1:1)'::integer`));

  it("is the code and the frames of the database's error, and not its message", async () => {
    const error = (await fromPostgres()) as Error;
    expect(error.message).toContain(VALUE);
    const trace = traceOf(error);
    expect(trace).toMatch(/^DatabaseError \[22P02\]\n {4}at /);
    expect(trace).not.toContain(VALUE);
  });

  it('is the message of our own error, with where its causes come from', async () => {
    const cause = new Error(`read ${VALUE}`, { cause: await fromPostgres() });
    const trace = traceOf(new StorageError('QUARANTINE_FAILED', 'It could not be read', { cause }));
    expect(trace).toMatch(/^StorageError \[QUARANTINE_FAILED\]: It could not be read\n {4}at /);
    expect(trace).toMatch(/^caused by Error\n {4}at /m);
    expect(trace).toMatch(/^caused by DatabaseError \[22P02\]$/m);
    expect(trace).not.toContain(VALUE);
  });

  describeWithPassword('of a wrong password', () => {
    it('contains no password, neither from the URL nor from its form in pg', async () => {
      const url = new URL(database.url);
      url.password = PASSWORD;
      const rejected = await errorOf(new pg.Client({ connectionString: url.href }).connect());
      const wrong = new Error(`no connection to ${url.href}`, { cause: rejected });
      for (const error of [rejected, connectionError(url.href, rejected), wrong]) {
        expect(traceOf(error)).not.toContain(PASSWORD);
        expect(traceOf(error)).toContain(THROUGH_PGBOUNCER ? '[08P01]' : '[28P01]');
      }
    });
  });

  it('ends with causes in a circle, with a message that was changed, and with what is no error', () => {
    const error: Error & { cause?: unknown } = new Error('first');
    error.cause = error;
    expect(traceOf(error).match(/^(?:caused by )?Error$/gm)).toHaveLength(10);
    const changed = new Error(`${VALUE}\n    at ${VALUE}`);
    // It is made when it is first read.
    expect(changed.stack).toContain(VALUE);
    changed.message = 'another';
    expect(traceOf(changed)).toBe('Error');
    expect(traceOf(VALUE)).toBe('');
  });
});
