import { randomBytes } from 'node:crypto';

import pg, { Client } from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';

import { startTemporaryPostgres } from '../embedded/temporary-postgres.js';
import { quoteIdentifier } from '../postgres/identifiers.js';
import { migrateUp } from '../schema/migrations/migrations.js';

/** Tells jest workers about the server started by globalSetup. */
const SERVER_VARIABLE = 'HARBOR_STORAGE_TEST_SERVER';
const TEMPLATE_VARIABLE = 'HARBOR_STORAGE_TEST_TEMPLATE';

/** A test server, with a template database that has the migrations. */
export interface TestPostgres {
  /** Connection URL of the server, with a role that may create databases. */
  readonly url: string;
  /** Drops the template, and stops the server if it was started here. */
  stop(): Promise<void>;
}

/** A server on which test databases are created. */
interface TemplateServer extends TestPostgres {
  readonly template: string;
}

/** Additions to a test database, besides the tables of this package. */
export interface TestDatabaseOptions {
  /** Your own migrations, which create the tables of your entities; applied in timestamp order. */
  readonly migrations?: readonly (new () => MigrationInterface)[] | undefined;
}

/** A separate database with the migrations applied and no rows. */
export interface TestDatabase {
  readonly url: string;
  /** Drops the database, even with open connections. */
  drop(): Promise<void>;
}

/**
 * Prepares a server for tests: the one in TEST_DATABASE_URL, or an embedded one in a temporary directory. Call it once,
 * in jest's globalSetup; workers find it by themselves.
 */
export async function startTestPostgres(): Promise<TestPostgres> {
  const { url, template, stop } = await startTemplateServer();
  process.env[SERVER_VARIABLE] = url;
  process.env[TEMPLATE_VARIABLE] = template;
  return {
    url,
    async stop() {
      delete process.env[SERVER_VARIABLE];
      delete process.env[TEMPLATE_VARIABLE];
      await stop();
    },
  };
}

async function startTemplateServer(): Promise<TemplateServer> {
  const given = process.env['TEST_DATABASE_URL'];
  const server =
    given === undefined || given === '' ? await startTemporaryPostgres() : { url: given, stop: async () => {} };
  const template = `harbor_template_${randomBytes(6).toString('hex')}`;
  await runOnServer(server.url, `CREATE DATABASE ${quoteIdentifier(template)}`);
  await migrateUp({ url: databaseUrl(server.url, template) });
  return {
    url: server.url,
    template,
    async stop() {
      await runOnServer(server.url, `DROP DATABASE IF EXISTS ${quoteIdentifier(template)} WITH (FORCE)`);
      await server.stop();
    },
  };
}

/**
 * Creates a database for one test file or one test, as a copy of the template (about 30 ms). Without a server from
 * globalSetup it starts one for this database alone, which ends with `drop`.
 */
export async function createTestDatabase({ migrations = [] }: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const own = process.env[SERVER_VARIABLE] === undefined ? await startTemplateServer() : undefined;
  const url = own?.url ?? (process.env[SERVER_VARIABLE] as string);
  const template = own?.template ?? (process.env[TEMPLATE_VARIABLE] as string);
  const name = `harbor_test_${randomBytes(6).toString('hex')}`;
  await runOnServer(url, `CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE ${quoteIdentifier(template)}`);
  const database: TestDatabase = {
    url: databaseUrl(url, name),
    async drop() {
      await runOnServer(url, `DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`);
      await own?.stop();
    },
  };
  try {
    await runMigrations(database.url, migrations);
  } catch (error) {
    await database.drop();
    throw error;
  }
  return database;
}

async function runMigrations(url: string, migrations: readonly (new () => MigrationInterface)[]): Promise<void> {
  if (migrations.length === 0) {
    return;
  }
  const dataSource = new DataSource({
    type: 'postgres',
    driver: pg,
    url,
    migrations: [...migrations],
    migrationsTransactionMode: 'each',
  });
  await dataSource.initialize();
  try {
    await dataSource.runMigrations();
  } finally {
    await dataSource.destroy();
  }
}

async function runOnServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // Without a listener, a server that ends meanwhile ends jest's worker; the current query rejects anyway.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Connection URL of another database of a server. */
export function databaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
