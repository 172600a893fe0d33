import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { generateHybridRecords } from '../../sample/hybrid-sample.js';
import { startStorageAppAt, type StorageApp } from '../support/app/storage-app.js';
import { type StoppableServer, startStoppableServer } from '../support/database/stoppable-server.js';
import { sized } from '../support/sizes/sizes.js';

const ROWS = sized(20_000, 100_000);
const WAL_BYTES_A_ROW = 50;

/** A server of its own: nobody else writes WAL or pages there. */
let server: StoppableServer;
let app: StorageApp;
beforeAll(async () => {
  server = await startStoppableServer();
  app = await startStorageAppAt(server.url, { migrations: 'run' });
}, 60_000);
afterAll(async () => {
  await app.close();
  await server.close();
});

/** Catalog tables and their TOAST tables, which an autoanalyze may write, have lower ones (Postgres' FirstNormalObjectId). */
const FIRST_OWN_OID = 16_384;

it('rows loaded again write next to nothing, dirty no page of the table, and wait for no lock on a row', async () => {
  const records = generateHybridRecords(7, ROWS);
  expect(await app.opportunities.storeBatch(records)).toMatchObject({ inserted: ROWS });
  await app.rows('CREATE EXTENSION pg_buffercache; ALTER TABLE app_opportunities SET (autovacuum_enabled = false)');
  await app.rows('VACUUM ANALYZE app_opportunities');
  const other = app.dataSource.createQueryRunner();
  try {
    await other.startTransaction();
    const locked = records[Math.floor(ROWS / 2)]?.['submission_id'];
    await other.query('SELECT FROM app_opportunities WHERE submission_id = $1 FOR UPDATE', [locked]);
    await app.rows('CHECKPOINT');
    const walBytes = async () =>
      (await app.rows<{ bytes: number }>("SELECT (pg_current_wal_insert_lsn() - '0/0')::float AS bytes"))[0]?.bytes ??
      0;
    const before = await walBytes();

    expect(await app.opportunities.storeBatch(records)).toMatchObject({ unchanged: ROWS, retries: 0, ok: true });

    expect(((await walBytes()) - before) / ROWS).toBeLessThan(WAL_BYTES_A_ROW);
    const dirty = await app.rows<{ name: string }>(
      `SELECT DISTINCT COALESCE(t.relname, c.relname) AS name
       FROM pg_buffercache AS b
       JOIN pg_class AS c ON b.relfilenode = pg_relation_filenode(c.oid)
         AND b.reldatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
       LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
       LEFT JOIN pg_class AS t ON t.oid = i.indrelid
       WHERE b.isdirty AND c.oid >= $1 ORDER BY 1`,
      [FIRST_OWN_OID],
    );
    // Postgres may have written some of them to disk already.
    expect(['storage_load_batches', 'storage_loads']).toEqual(expect.arrayContaining(dirty.map(({ name }) => name)));
  } finally {
    await other.rollbackTransaction();
    await other.release();
  }
}, 170_000);
