import { randomBytes } from 'node:crypto';

import { Client } from 'pg';

import { databaseUrl, type TestDatabase } from '../../../src/testing/test-postgres.js';
import type { CitusCluster } from './cluster.js';

/** Tells jest workers where the servers of the cluster are that globalSetup has started. */
const NODES_VARIABLE = 'HARBOR_TEST_CITUS_NODES';

/** Lets the suites of this run use the cluster. */
export function shareCluster({ coordinator, workers }: CitusCluster): void {
  process.env[NODES_VARIABLE] = [coordinator, ...workers].map(({ url }) => url).join(' ');
}

/** A database on every node of a cluster, with the extension, and no table. */
export interface CitusDatabase extends TestDatabase {
  /** The same database on each worker. */
  readonly workers: readonly string[];
}

/**
 * Creates a database on every node, and makes the coordinator know the workers.
 * @param cluster - by default the one of the whole run
 */
export async function createCitusDatabase(cluster?: CitusCluster): Promise<CitusDatabase> {
  const urls = cluster
    ? [cluster.coordinator, ...cluster.workers].map(({ url }) => url)
    : (process.env[NODES_VARIABLE]?.split(' ') ?? []);
  const name = `harbor_citus_${randomBytes(6).toString('hex')}`;
  await Promise.all(
    urls.map(async (url) => {
      await run(url, [`CREATE DATABASE ${name}`]);
      await run(databaseUrl(url, name), ['CREATE EXTENSION citus']);
    }),
  );
  const [coordinator = '', ...workers] = urls.map((url) => databaseUrl(url, name));
  const port = (url: string): string => new URL(url).port;
  await run(coordinator, [
    `SELECT citus_set_coordinator_host('127.0.0.1', ${port(coordinator)})`,
    ...workers.map((url) => `SELECT citus_add_node('127.0.0.1', ${port(url)})`),
  ]);
  return {
    url: coordinator,
    workers,
    async drop() {
      // The coordinator first: its sessions hold those on the workers.
      for (const url of urls) await run(url, [`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`]);
    },
  };
}

/** Runs `work` on a database of its own on the cluster. */
export async function withCitusDatabase<T>(work: (database: CitusDatabase) => Promise<T>): Promise<T> {
  const database = await createCitusDatabase();
  try {
    return await work(database);
  } finally {
    await database.drop();
  }
}

async function run(url: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
