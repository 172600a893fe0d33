import { Client } from 'pg';

import { startTemporaryPostgres } from '../../src/embedded/temporary-postgres.js';
import { pgBouncerIsMissing, pgBouncerVersion } from '../../test/support/database/pgbouncer.js';
import { errorMessage } from '../../src/errors/error-text.js';
import { installBinaries } from './binaries.js';
import type { MatrixFlags } from './program.js';
import type { Outcome } from './report.js';
import { runSuites, type SuiteOptions } from './run-suites.js';
import type { Target } from './targets.js';

/**
 * Runs the suites on a target.
 * @throws Error when the signal is aborted; any other becomes part of the outcome
 */
export async function runTarget(
  target: Target,
  { named, ...options }: SuiteOptions & Pick<MatrixFlags, 'named'>,
  signal: AbortSignal,
): Promise<Outcome> {
  const missing = target.throughPgBouncer ? pgBouncerIsMissing() : undefined;
  if (missing !== undefined) return { target, notRun: missing, isAllowed: !named };
  try {
    return await runOnServer(target, options, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { target, notRun: errorMessage(error), isAllowed: false };
  }
}

/** On a server of its own, which has ended afterwards. */
async function runOnServer(target: Target, options: SuiteOptions, signal: AbortSignal): Promise<Outcome> {
  const packageDir = await installBinaries(target.major, signal);
  const postgres = await startTemporaryPostgres(packageDir);
  try {
    const version = await serverVersion(postgres.url);
    const server = target.throughPgBouncer ? `${version} behind ${pgBouncerVersion()}` : version;
    process.stderr.write(`\n${target.name}: Postgres ${server}, port ${new URL(postgres.url).port}\n`);
    return { target, server, result: await runSuites(target, postgres.url, options, signal) };
  } finally {
    await postgres.stop();
  }
}

async function serverVersion(connectionString: string): Promise<string> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version ?? '';
  } finally {
    await client.end();
  }
}
