import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoring } from '../system/system-errors.js';
import type { Home } from '../home/home.js';
import { isAlive, isLivingPostgres } from '../system/processes.js';

/** Content of `postmaster.pid`, written by a running server. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly isReady: boolean;
}

/** What a server says of itself that accepts connections; one with a `standby.signal` in its cluster only reads. */
const READY: ReadonlySet<string | undefined> = new Set(['ready', 'standby']);

/** No system assigns this process id. */
const NO_PROCESS = 2_147_483_647;

/** The server on the cluster of this home; `undefined` if none runs. */
export async function findPostmaster(home: Home): Promise<Postmaster | undefined> {
  const text = await readFile(pathOf(home), 'utf8').catch(ignoring('ENOENT'));
  if (text === undefined) return undefined;
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!(pid > 0) || !(await isLivingPostgres(pid))) return undefined;
  return { pid, port: Number(lines[3] ?? 0), isReady: READY.has(lines[7]?.trim()) };
}

/**
 * After a crash, Postgres does not start if the old process id now belongs to another process of the same account. So
 * this replaces the id in the file. It does not remove the file, which also names the shared memory by which Postgres
 * finds processes of the old server that still write to the cluster. Call it with no server running.
 */
export async function disownPostmasterPid(home: Home): Promise<void> {
  const text = await readFile(pathOf(home), 'utf8').catch(ignoring('ENOENT'));
  if (text === undefined) return;
  if (await isAlive(Number.parseInt(text, 10))) {
    await home.account.writeFile(pathOf(home), text.replace(/^.*/, String(NO_PROCESS)));
  }
}

function pathOf(home: Home): string {
  return join(home.cluster, 'postmaster.pid');
}
