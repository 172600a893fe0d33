import type { ClientBase } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';

import { errorText } from '../errors/error-text.js';
import { InvalidLoadError } from '../errors/index.js';
import { NotConnectedError } from './connection-loss.js';
import { connectTimeoutOf } from './data-source.js';
import { classifyFault } from './sqlstate.js';
import { type Checkout, checkout, transactionOf } from './typeorm-adapter.js';

/** Bounds on the waits of one transaction, in milliseconds; 0 means none. */
export interface TransactionLimits {
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** Bound on the wait for a connection; see {@link withClient}. */
  readonly connectTimeoutMs?: number;
}

/** Bound on the wait for a connection where nobody has set one, in milliseconds. */
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

/** Without a listener a backend terminated while checked out crashes the process; the query in hand rejects anyway. */
function ignoreError(): void {}

/**
 * Runs `work` on a pooled connection. The connection goes back to the pool when `work` resolves and is destroyed when
 * it throws: nobody can tell in which state a failed conversation left it.
 * @param connectTimeoutMs - bound on the wait for a connection of a pool that has none of its own, which is pg's default
 * @throws NotConnectedError when the server is away
 */
export async function withClient<T>(
  dataSource: DataSource,
  work: (client: ClientBase) => Promise<T>,
  connectTimeoutMs: number = DEFAULT_CONNECT_TIMEOUT_MS,
): Promise<T> {
  const [client, release] = await obtainClient(dataSource, connectTimeoutMs).catch(throwNotConnected);
  client.on('error', ignoreError);
  let failure: Error | undefined;
  try {
    return await work(client);
  } catch (error) {
    failure = error instanceof Error ? error : new Error('not an Error');
    throw error;
  } finally {
    client.off('error', ignoreError);
    release(failure);
  }
}

async function obtainClient(dataSource: DataSource, connectTimeoutMs: number): Promise<Checkout> {
  const obtaining = checkout(dataSource);
  if (connectTimeoutOf(dataSource) !== undefined) {
    return obtaining;
  }
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ConnectTimeoutError(connectTimeoutMs)), connectTimeoutMs);
  });
  try {
    return await Promise.race([obtaining, overdue]);
  } catch (error) {
    // pg cannot take a request back: a connection that comes too late goes straight to the next in line.
    obtaining.then(([, release]) => release(), ignoreError);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs `work` in a transaction of its own, at READ COMMITTED whatever the database's default is: a snapshot taken
 * before the wait for another load's lock would not see what that load wrote.
 * @throws an error of code 25P02 when COMMIT was answered with ROLLBACK: some statement had failed and was swallowed
 */
export async function withTransaction<T>(
  dataSource: DataSource,
  limits: TransactionLimits,
  work: (client: ClientBase) => Promise<T>,
): Promise<T> {
  const transaction = async (client: ClientBase): Promise<T> => {
    // One round trip; the settings end with the transaction, so a transaction-mode pooler is safe.
    await client
      .query(`BEGIN ISOLATION LEVEL READ COMMITTED; SELECT ${localSettings(limits).join(', ')}`)
      // An idle connection that had died, or a pooler without a server.
      .catch(throwNotConnected);
    const result = await work(client);
    const { command } = await client.query('COMMIT');
    if (command !== 'COMMIT') {
      throw new TransactionAbortedError();
    }
    return result;
  };
  return withClient(dataSource, transaction, limits.connectTimeoutMs);
}

function localSettings({ statementTimeoutMs, lockTimeoutMs }: TransactionLimits): string[] {
  const settings = {
    statement_timeout: statementTimeoutMs,
    lock_timeout: lockTimeoutMs,
    // The default of 4 MB would sort a batch of wide rows on disk.
    work_mem: '64MB',
  };
  return Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', true)`);
}

/**
 * Runs `work` inside a transaction that goes on: when it throws, what it did is taken back, and only that.
 */
export async function withSavepoint<T>(client: ClientBase, work: (client: ClientBase) => Promise<T>): Promise<T> {
  await client.query('SAVEPOINT harbor_load');
  try {
    const result = await work(client);
    await client.query('RELEASE SAVEPOINT harbor_load');
    return result;
  } catch (error) {
    // A lost connection has nothing to take back, and one that is silent would let this wait as long once more.
    if (classifyFault(error) !== 'connection') {
      // Where it fails, the first error is still the one that tells why.
      await client.query('ROLLBACK TO SAVEPOINT harbor_load; RELEASE SAVEPOINT harbor_load').catch(() => {});
    }
    throw error;
  }
}

/** The connection of the transaction `manager` is in. */
export async function clientOf(manager: EntityManager): Promise<ClientBase> {
  const client = await transactionOf(manager);
  if (client === undefined) {
    throw new InvalidLoadError(
      'withManager needs the EntityManager of an open transaction: dataSource.transaction((manager) => …)',
    );
  }
  return client;
}

/** pg's message where all connections of the pool are in use: the server is not away. */
const POOL_IN_USE = /^timeout exceeded when trying to connect/;

function throwNotConnected(error: unknown): never {
  const away = classifyFault(error) === 'connection' && !POOL_IN_USE.test(errorText(error, 'message') ?? '');
  throw away ? new NotConnectedError(error) : error;
}

/** No connection came in time; it begins as pg's own error for it does, so that it is classified the same. */
class ConnectTimeoutError extends Error {
  override readonly name = 'ConnectTimeoutError';

  constructor(waitedMs: number) {
    super(
      `timeout exceeded when trying to connect: no connection of the pool was free for ${waitedMs} ms; ` +
        'inside a transaction of your own use withManager, or give the pool more connections',
    );
  }
}

/** COMMIT was answered with ROLLBACK. */
class TransactionAbortedError extends Error {
  override readonly name = 'TransactionAbortedError';
  readonly code = '25P02';

  constructor() {
    super('COMMIT was answered with ROLLBACK: a statement of the transaction had failed');
  }
}
