import type { ClientBase, QueryResult } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';

import { InvalidLoadError } from '../errors/index.js';
import { NotConnectedError } from './faults/connection-error.js';
import { classifyFault, READ_ONLY } from './faults/sqlstate.js';
import { transactionOf } from './typeorm-adapter.js';
import { throwNotConnected, withClient } from './with-client.js';

/** Timeouts of one transaction, in milliseconds; 0 means none. */
export interface TransactionLimits {
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** Timeout of waiting for a connection; see {@link withClient}. */
  readonly connectTimeoutMs?: number;
}

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

/**
 * Runs `work` in its own transaction, at READ COMMITTED whatever the database default: a snapshot taken before waiting
 * for the lock of another load would not see what that load wrote.
 * @throws NotConnectedError of code 25006 when the server takes no writes: after a failover, another connection may
 * @throws an error of code 25P02 when COMMIT was answered with ROLLBACK: a failed statement was ignored
 */
export async function withTransaction<T>(
  dataSource: DataSource,
  limits: TransactionLimits,
  work: (client: ClientBase) => Promise<T>,
): Promise<T> {
  return transactionWith(dataSource, settingsOf(limits), limits.connectTimeoutMs, work, true);
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
  writes = false,
): Promise<T> {
  const transaction = async (client: ClientBase): Promise<T> => {
    const begun = await client
      .query(beginWith(settings))
      // An idle connection that had died, or a pooler without a server.
      .catch(throwNotConnected);
    const readOnly = writes ? readOnlyError(begun) : undefined;
    if (readOnly !== undefined) {
      throw readOnly;
    }
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
  const selected = [
    `num_nulls(${local.join(', ')})`,
    `current_setting('transaction_read_only') AS read_only`,
    ...columns,
  ];
  return `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT ${selected.join(', ')}`;
}

/** The row that {@link beginWith} selects. */
export function begunRow(begun: QueryResult): Readonly<Record<string, unknown>> {
  // pg gives a result for each of several statements, and its types do not say so.
  const [, selected] = begun as unknown as readonly QueryResult<Record<string, unknown>>[];
  return selected?.rows[0] ?? {};
}

/**
 * The error of a transaction that cannot write, undefined for any other. A standby says so at BEGIN: its statements would
 * fail in many ways.
 * @param begun - the reply to {@link beginWith}
 */
export function readOnlyError(begun: QueryResult): NotConnectedError | undefined {
  return begunRow(begun)['read_only'] === 'on'
    ? new NotConnectedError(Object.assign(new Error('the server is read-only'), { code: READ_ONLY }))
    : undefined;
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

/** COMMIT was answered with ROLLBACK. */
class TransactionAbortedError extends Error {
  override readonly name = 'TransactionAbortedError';
  readonly code = '25P02';

  constructor() {
    super('COMMIT was answered with ROLLBACK: a statement of the transaction had failed');
  }
}
