import type { ClientBase } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';

import { errorText } from '../errors/error-text.js';
import { InvalidLoadError } from '../errors/index.js';
import { NotConnectedError } from './faults/connection-error.js';
import { connectTimeoutOf } from './data-source.js';
import { classifyFault } from './faults/sqlstate.js';
import { type Checkout, checkout, transactionOf } from './typeorm-adapter.js';

/** Timeouts of one transaction, in milliseconds; 0 means none. */
export interface TransactionLimits {
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** Timeout of waiting for a connection; see {@link withClient}. */
  readonly connectTimeoutMs?: number;
}

/** Timeout of waiting for a connection if none is configured, in milliseconds. */
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

/** Values of settings, by name. */
export type Settings = Readonly<Record<string, string | number>>;

/** Settings that values depend on, whatever role, database and caller have set. */
const EXACT_VALUES: Settings = {
  // Values are compared as text where their type has no exact equality; fewer digits would hide differences.
  extra_float_digits: 1,
  // Columns are sent as arrays; without it, a null among them is the text NULL.
  array_nulls: 'on',
};

/** Settings by which a statement is planned to read tables by their indexes, whatever the planner knows of their sizes. */
export const BY_INDEX: Settings = { enable_seqscan: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off' };

/** Without a listener, a backend terminated while checked out crashes the process; the current query rejects anyway. */
function ignoreError(): void {}

/**
 * Runs `work` on a pooled connection. The connection returns to the pool when `work` resolves, and is destroyed when it
 * throws, because its state is unknown then.
 * @param connectTimeoutMs - timeout of waiting for a connection, if the pool has none (pg's default)
 * @throws NotConnectedError when the server is down
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
    // pg cannot cancel a request: a connection that comes too late goes to the next in line.
    obtaining.then(([, release]) => release(), ignoreError);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs `work` in its own transaction, at READ COMMITTED whatever the database default: a snapshot taken before waiting
 * for the lock of another load would not see what that load wrote.
 * @throws an error of code 25P02 when COMMIT was answered with ROLLBACK: a failed statement was ignored
 */
export async function withTransaction<T>(
  dataSource: DataSource,
  limits: TransactionLimits,
  work: (client: ClientBase) => Promise<T>,
): Promise<T> {
  return transactionWith(dataSource, settingsOf(limits), limits.connectTimeoutMs, work);
}

/** The settings of a transaction that writes. */
export function settingsOf({ statementTimeoutMs, lockTimeoutMs }: TransactionLimits): Settings {
  return {
    statement_timeout: statementTimeoutMs,
    lock_timeout: lockTimeoutMs,
    // The default of 4 MB would sort a batch of wide rows on disk.
    work_mem: '64MB',
    // Compiling a statement takes longer than it saves on one batch.
    jit: 'off',
    ...EXACT_VALUES,
  };
}

/** Runs queries in one transaction. */
export type Reading = <T>(work: (client: ClientBase) => Promise<T>) => Promise<T>;

/** pg reads date-times in ISO only, whatever role and database have set. */
const READABLE: Settings = { datestyle: 'ISO', extra_float_digits: 1 };

/** Runs queries whose values are read here. */
export async function withReading<T>(dataSource: DataSource, work: (client: ClientBase) => Promise<T>): Promise<T> {
  return transactionWith(dataSource, READABLE, undefined, work);
}

/** Runs queries of a user who waits: read-only, within limits, and by indexes. */
export function boundedReading(dataSource: DataSource, limits: TransactionLimits): Reading {
  const settings: Settings = {
    ...READABLE,
    transaction_read_only: 'on',
    statement_timeout: limits.statementTimeoutMs,
    lock_timeout: limits.lockTimeoutMs,
    jit: 'off',
    // By index also a table that the planner does not know yet, and from the first row on; the other processors are for the loads.
    enable_seqscan: 'off',
    enable_bitmapscan: 'off',
    max_parallel_workers_per_gather: 0,
  };
  return (work) => transactionWith(dataSource, settings, limits.connectTimeoutMs, work);
}

async function transactionWith<T>(
  dataSource: DataSource,
  settings: Settings,
  connectTimeoutMs: number | undefined,
  work: (client: ClientBase) => Promise<T>,
): Promise<T> {
  const transaction = async (client: ClientBase): Promise<T> => {
    await client
      .query(beginWith(settings))
      // An idle connection that had died, or a pooler without a server.
      .catch(throwNotConnected);
    const result = await work(client);
    const { command } = await client.query('COMMIT');
    if (command !== 'COMMIT') {
      throw new TransactionAbortedError();
    }
    return result;
  };
  return withClient(dataSource, transaction, connectTimeoutMs);
}

/**
 * One message, and one column of a reply for all settings; they end with the transaction, so a transaction-mode pooler is safe.
 * @param columns - what else it selects
 */
export function beginWith(settings: Settings, columns: readonly string[] = []): string {
  const local = Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', true)`);
  return `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT ${[`num_nulls(${local.join(', ')})`, ...columns].join(', ')}`;
}

/** The savepoints that are open on a connection, and how many of them are trials: of {@link rolledBack}. */
const open = new WeakMap<ClientBase, { savepoints: number; trials: number }>();

/** Runs `work` inside a continuing transaction; when it throws, only its own changes are rolled back. */
export async function withSavepoint<T>(client: ClientBase, work: (client: ClientBase) => Promise<T>): Promise<T> {
  return inSavepoint(client, work, false);
}

/**
 * Runs `work` inside a continuing transaction to see what it does; its changes are rolled back in any case. Its own
 * savepoints are not released: whoever waits for a lock of a released one waits for the end of the whole transaction, also
 * when the lock is gone, and may deadlock with it.
 */
export async function rolledBack<T>(client: ClientBase, work: (client: ClientBase) => Promise<T>): Promise<T> {
  return inSavepoint(client, work, true);
}

/** A savepoint is named by its depth, so that one that was not released never has the name of one around it. */
async function inSavepoint<T>(
  client: ClientBase,
  work: (client: ClientBase) => Promise<T>,
  isTrial: boolean,
): Promise<T> {
  const around = open.get(client) ?? { savepoints: 0, trials: 0 };
  const name = `harbor_${around.savepoints + 1}`;
  const rollBack = `ROLLBACK TO SAVEPOINT ${name}; RELEASE SAVEPOINT ${name}`;
  await client.query(`SAVEPOINT ${name}`);
  open.set(client, { savepoints: around.savepoints + 1, trials: around.trials + Number(isTrial) });
  try {
    const result = await work(client);
    if (isTrial) {
      await client.query(rollBack);
    } else if (around.trials === 0) {
      await client.query(`RELEASE SAVEPOINT ${name}`);
    }
    return result;
  } catch (error) {
    // A lost connection has nothing to roll back, and a silent one would wait for the timeout once more.
    if (classifyFault(error) !== 'connection') {
      // If this fails, the first error still tells the cause.
      await client.query(rollBack).catch(() => {});
    }
    throw error;
  } finally {
    open.set(client, around);
  }
}

/** Runs `work` inside a caller's transaction, by the same settings of values as in one of its own. */
export async function withExactValues<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  return withSettings(client, EXACT_VALUES, work);
}

/**
 * Runs `work` with other values of settings, in a transaction that may continue: afterwards the settings have their old
 * values. When `work` throws, the rollback restores them.
 */
export async function withSettings<T>(client: ClientBase, settings: Settings, work: () => Promise<T>): Promise<T> {
  const names = Object.keys(settings);
  const { rows } = await client.query<{ before: string[] }>(
    'SELECT array_agg(current_setting(name) ORDER BY n) AS before FROM unnest($1::text[]) WITH ORDINALITY AS s(name, n)',
    [names],
  );
  const set = (to: readonly unknown[]): Promise<unknown> =>
    client.query('SELECT set_config(name, value, true) FROM unnest($1::text[], $2::text[]) AS s(name, value)', [
      names,
      to,
    ]);
  await set(Object.values(settings).map(String));
  const result = await work();
  await set(rows[0]?.before ?? []);
  return result;
}

/** The connection of the manager's transaction. */
export async function clientOf(manager: EntityManager): Promise<ClientBase> {
  const client = await transactionOf(checkManager(manager));
  if (client === undefined) {
    throw noTransaction();
  }
  return client;
}

/**
 * Without it, a caller without types would load outside of the transaction that it has not given.
 * @throws InvalidLoadError when there is no manager
 */
export function checkManager(manager: EntityManager): EntityManager {
  if (typeof manager !== 'object' || manager === null) {
    throw noTransaction();
  }
  return manager;
}

function noTransaction(): InvalidLoadError {
  return new InvalidLoadError(
    'withManager needs the EntityManager of an open transaction: dataSource.transaction((manager) => …)',
  );
}

/** pg's message when all connections of the pool are in use: the server is not down. */
const POOL_IN_USE = /^timeout exceeded when trying to connect/;

function throwNotConnected(error: unknown): never {
  throw unlessNotConnected(error);
}

/** The error, as one of a connection that could not be opened, if it is. */
export function unlessNotConnected(error: unknown): unknown {
  const away = classifyFault(error) === 'connection' && !POOL_IN_USE.test(errorText(error, 'message') ?? '');
  return away ? new NotConnectedError(error) : error;
}

/** No connection in time. The message begins as pg's own, so that it is classified the same. */
class ConnectTimeoutError extends Error {
  override readonly name = 'ConnectTimeoutError';

  constructor(waitedMs: number) {
    super(
      `timeout exceeded when trying to connect: no free connection in the pool for ${waitedMs} ms; ` +
        'inside your own transaction use withManager, or enlarge the pool',
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
