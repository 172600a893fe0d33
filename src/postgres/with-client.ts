import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';

import { errorCode, errorText } from '../errors/error-text.js';
import { connectTimeoutOf } from './data-source.js';
import { NotConnectedError } from './faults/connection-error.js';
import { classifyFault, READ_ONLY } from './faults/sqlstate.js';
import { type Checkout, checkout, dropIdle } from './typeorm-adapter.js';

/** Timeout of waiting for a connection if none is configured, in milliseconds. */
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

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
    if (errorCode(failure) === READ_ONLY) {
      // After a failover they may all lead to the server that was the primary.
      dropIdle(dataSource);
    }
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

/** pg's message when all connections of the pool are in use: the server is not down. */
const POOL_IN_USE = /^timeout exceeded when trying to connect/;

/** For `catch`: throws {@link unlessNotConnected}. */
export function throwNotConnected(error: unknown): never {
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
