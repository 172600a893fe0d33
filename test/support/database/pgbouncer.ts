import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import { eventually, queryValue } from '../processes/embedded-processes.js';
import { freePort } from '../processes/free-port.js';

/** A PgBouncer in front of a server, in transaction mode. */
export interface PgBouncer {
  /** The way through it to the server's own database; any other is reached by its name. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Where PgBouncer is: HARBOR_TEST_PGBOUNCER, or on the PATH (Debian: `apt-get install pgbouncer`). */
const BINARY = process.env['HARBOR_TEST_PGBOUNCER'] ?? 'pgbouncer';

/** Why there is no PgBouncer here; undefined where there is one. */
export function pgBouncerIsMissing(): string | undefined {
  const { error } = spawnSync(BINARY, ['--version']);
  return error && `${BINARY} cannot be run (${error.message}); install it, or name it in HARBOR_TEST_PGBOUNCER`;
}

/** For example `PgBouncer 1.22.1`. */
export function pgBouncerVersion(): string {
  return spawnSync(BINARY, ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0] ?? '';
}

/**
 * Starts PgBouncer in front of the server of `serverUrl`, whose role must be a superuser.
 * @param poolSize - connections to each database for each role
 */
export async function startPgBouncer(serverUrl: string, poolSize = 15): Promise<PgBouncer> {
  const server = new URL(serverUrl);
  const directory = await mkdtemp(join(tmpdir(), 'harbor-storage-pgbouncer-'));
  const [port, role] = [await freePort(), decodeURIComponent(server.username)];
  await writeFile(join(directory, 'users.txt'), `"${role}" "${decodeURIComponent(server.password)}"\n`);
  await writeFile(join(directory, 'pgbouncer.ini'), iniOf(server, directory, port, role, poolSize));
  const account = await giveAway(directory);
  const child = spawn(BINARY, [...account, join(directory, 'pgbouncer.ini')], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const url = Object.assign(new URL(serverUrl), { hostname: '127.0.0.1', port: String(port) }).href;
  const isReady = (): Promise<boolean> => queryValue(url, 'SELECT true').then(Boolean, () => child.exitCode !== null);
  if (!(await eventually(isReady)) || child.exitCode !== null) {
    await end(child);
    throw new Error(`PgBouncer does not start: ${Buffer.concat(said).toString()}`);
  }
  return {
    url,
    async stop() {
      await end(child);
      await rm(directory, { recursive: true });
    },
  };
}

function iniOf(
  { hostname, port: serverPort }: URL,
  directory: string,
  port: number,
  role: string,
  poolSize: number,
): string {
  return `
    [databases]
    * = host=${hostname} port=${serverPort}
    [pgbouncer]
    pool_mode = transaction
    listen_addr = 127.0.0.1
    listen_port = ${port}
    unix_socket_dir =
    ; newer versions ask for TLS first, which the proxy of some tests does not know
    server_tls_sslmode = disable
    auth_type = scram-sha-256
    auth_file = ${join(directory, 'users.txt')}
    auth_user = ${role}
    admin_users = ${role}
    auth_query = SELECT usename, passwd FROM pg_catalog.pg_shadow WHERE usename = $1
    max_client_conn = 1000
    default_pool_size = ${poolSize}
    ; at most half of the time of a test
    query_wait_timeout = 15
    ; databases of tests come and go
    server_idle_timeout = 2
    server_login_retry = 1
  `.replaceAll(/^ +/gm, '');
}

/** PgBouncer rejects to run as root. @returns the arguments that make it run as another account */
async function giveAway(directory: string): Promise<string[]> {
  if (userInfo().uid !== 0) return [];
  const nobody = 65_534;
  await chmod(directory, 0o700);
  for (const path of ['', 'users.txt', 'pgbouncer.ini']) await chown(join(directory, path), nobody, nobody);
  return ['-u', 'nobody'];
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
