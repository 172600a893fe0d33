import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { readLiveTable } from '../../src/schema/table/live-table.js';
import { readFingerprints } from '../../src/schema/table/table-fingerprints.js';
import { type CitusDatabase, createCitusDatabase } from '../support/citus/databases.js';

describe('a live table on Citus', () => {
  let database: CitusDatabase;
  let client: Client;

  beforeAll(async () => {
    database = await createCitusDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
  });

  afterAll(async () => {
    await client?.end();
    await database?.drop();
  });

  const distributionOf = async (table: string): Promise<unknown> =>
    (await readLiveTable(client, 'public', table))?.kind.distribution;

  it('knows how Citus keeps it', async () => {
    await client.query(`
      CREATE TABLE plain (id text PRIMARY KEY);
      CREATE TABLE managed (id text PRIMARY KEY);
      CREATE TABLE whole (id text PRIMARY KEY);
      CREATE TABLE "Shards" (id integer, "The key" text, PRIMARY KEY (id, "The key"));
      CREATE TABLE beside ("The key" text PRIMARY KEY);
      CREATE TABLE twice (id text PRIMARY KEY);
      CREATE TABLE one (id text PRIMARY KEY)`);
    await client.query(`SELECT citus_add_local_table_to_metadata('managed')`);
    await client.query(`SELECT create_reference_table('whole')`);
    await client.query(`SELECT create_distributed_table('"Shards"', 'The key')`);
    await client.query(`SELECT create_distributed_table('beside', 'The key', colocate_with => '"Shards"')`);
    await client.query(`SELECT create_distributed_table('one', NULL)`);
    await client.query('SET citus.shard_replication_factor = 2');
    await client.query(`SELECT create_distributed_table('twice', 'id')`);
    await client.query('RESET citus.shard_replication_factor');

    expect(await distributionOf('plain')).toBeNull();
    expect(await distributionOf('managed')).toBeNull();
    expect(await distributionOf('whole')).toMatchObject({ kind: 'reference', column: null });
    const shards = await distributionOf('Shards');
    expect(shards).toMatchObject({ kind: 'distributed', column: 'The key' });
    expect(await distributionOf('beside')).toEqual(shards);
    expect(await distributionOf('twice')).toMatchObject({ kind: 'replicated', column: 'id' });
    expect(await distributionOf('one')).toMatchObject({ kind: 'single-shard', column: null });
  });

  it('has another fingerprint when it becomes distributed', async () => {
    await client.query('CREATE TABLE later (id text PRIMARY KEY)');
    const before = await readFingerprints(client, ['public.later']);
    await client.query(`SELECT create_distributed_table('later', 'id')`);

    expect(await readFingerprints(client, ['public.later'])).not.toEqual(before);
  });
});
