import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { resolveDatabase } from '../../src/embedded/resolve-database.js';
import { errorCode } from '../../src/errors/error-text.js';
import { describeFault } from '../../src/postgres/faults/database-fault.js';
import { quoteIdentifier } from '../../src/postgres/identifiers.js';
import { migrateUp } from '../../src/schema/migrations/migrations.js';
import { databaseUrl } from '../../src/testing/test-postgres.js';
import { runStatement, withConnection } from './connection.js';
import { BenchError, faultOf } from '../bench-error.js';

/** Database and directory of a run. */
export interface Scratch {
  /** A separate database on the server, with the migrations. */
  readonly url: string;
  /** A separate directory for files. */
  readonly directory: string;
}

/** The run was interrupted by the user. */
export class BenchInterruptedError extends BenchError {
  override readonly name = 'BenchInterruptedError';

  constructor() {
    super('The bench was interrupted; its database is dropped.');
  }
}

/**
 * Runs `work` on a new database of the server and drops it afterwards, whatever the outcome.
 * @param url - a server; undefined for the embedded one, which is durable as by default
 * @param signal - when it is aborted, the work is abandoned
 */
export async function withScratch<T>(
  url: string | undefined,
  signal: AbortSignal,
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  const server = await resolveDatabase(url);
  try {
    return await withDatabase(server.url, async (own) => {
      const directory = await mkdtemp(join(tmpdir(), 'harbor-bench-'));
      try {
        return await untilAborted(signal, async () => {
          await migrateUp({ url: own });
          return work({ url: own, directory });
        });
      } finally {
        await rm(directory, { recursive: true, force: true, maxRetries: 10 });
      }
    });
  } finally {
    await server.stop();
  }
}

async function withDatabase<T>(serverUrl: string, work: (url: string) => Promise<T>): Promise<T> {
  const name = `harbor_bench_${randomBytes(6).toString('hex')}`;
  await withConnection(serverUrl, async (client) => {
    await client.query(`CREATE DATABASE ${quoteIdentifier(name)}`).catch((error: unknown) => {
      const { message } = describeFault(error);
      throw new BenchError(`Could not create a database for the bench: ${message}`);
    });
  });
  try {
    return await work(databaseUrl(serverUrl, name));
  } finally {
    await runStatement(serverUrl, `DROP DATABASE ${quoteIdentifier(name)} WITH (FORCE)`).catch((error: unknown) => {
      console.error(`Could not drop the database ${name}: ${describeFault(error).message}`);
    });
  }
}

/** Interrupted work ends with its database; nothing waits for it. */
async function untilAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (signal.aborted) {
    throw new BenchInterruptedError();
  }
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new BenchInterruptedError()), { once: true });
    // Unhandled errors would end the process without dropping the database. Without stdout the run is useless; a
    // connection that a contestant left open does not stop the others.
    process.on('uncaughtException', (error) => {
      if (errorCode(error) === 'EPIPE') {
        reject(error);
      } else {
        console.error(`Nobody waited for this error: ${faultOf(error)}`);
      }
    });
  });
  const working = work();
  working.catch(() => {});
  return Promise.race([working, aborted]);
}
