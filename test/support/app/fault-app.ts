import { Client } from 'pg';

import type { StorageRootOptions } from '../../../src/index.js';
import { createTestDatabase } from '../../../src/testing/index.js';
import { eventually } from '../processes/embedded-processes.js';
import { type Proxy, startProxy } from '../database/proxy.js';
import { startStorageAppAt, type StorageApp } from './storage-app.js';

/** An application whose way to its database can be made to fail, and a way of the test's own. */
export interface FaultApp {
  readonly app: StorageApp;
  readonly proxy: Proxy;
  /** Rows of a query, past the proxy. */
  rows<T = Record<string, unknown>>(sql: string, parameters?: readonly unknown[]): Promise<T[]>;
  /** The first column of the first row, past the proxy. */
  value<T = unknown>(sql: string, parameters?: readonly unknown[]): Promise<T>;
  /** Waits until the first column of the first row is true. */
  until(sql: string, parameters?: readonly unknown[]): Promise<void>;
  /** A connection past the proxy, for the test to end. */
  connect(): Promise<Client>;
  close(): Promise<void>;
}

/** Starts an application behind a proxy, on a database of its own. */
export async function startFaultApp(options: StorageRootOptions = {}): Promise<FaultApp> {
  const database = await createTestDatabase();
  const proxy = await startProxy(database.url);
  const app = await startStorageAppAt(proxy.url, options);
  const connect = async (): Promise<Client> => {
    const opened = new Client({ connectionString: database.url });
    opened.on('error', () => undefined);
    await opened.connect();
    return opened;
  };
  const client = await connect();
  const rows: FaultApp['rows'] = async (sql, parameters = []) => (await client.query(sql, [...parameters])).rows;
  const value = async <T>(sql: string, parameters?: readonly unknown[]): Promise<T> =>
    Object.values((await rows(sql, parameters))[0] ?? {})[0] as T;
  return {
    app,
    proxy,
    rows,
    value,
    connect,
    async until(sql, parameters) {
      if (!(await eventually(async () => (await value(sql, parameters)) === true))) {
        throw new Error(`this never came true: ${sql}`);
      }
    },
    async close() {
      await app.close();
      await proxy.close();
      await client.end();
      await database.drop();
    },
  };
}
