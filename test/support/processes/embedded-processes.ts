import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../../src/embedded/embedded-postgres.js';
import { poll } from '../../../src/embedded/system/poll.js';

/** The launcher as built, which a process has at once; the sources it would have to compile first. */
const BUILT_LAUNCHER = resolve('dist/src/embedded/embedded-postgres.js');

/**
 * A process that uses an embedded Postgres. Says on its output what it got, as one line of JSON, and stops its server
 * when its input ends; with `forget` it just has nothing more to do. It becomes another account only when all of its
 * code is read: that account may have no way to it.
 */
const CHILD = `
const [launcher, dataDir, uid, forget] = process.argv.slice(1);
const { startEmbeddedPostgres } = await import(launcher);
if (uid !== '') {
  process.setgroups([]);
  process.setgid(Number(uid));
  process.setuid(Number(uid));
}
const postgres = await startEmbeddedPostgres({ dataDir, durable: false });
process.stdout.write(JSON.stringify(postgres) + '\\n');
if (forget === '') process.stdin.resume().once('end', () => void postgres.stop());
`;

interface ChildOptions {
  /** Of the account the process is to have. @default that of the test */
  readonly uid?: number;
  readonly forget?: boolean;
  /** Another copy of {@link BUILT_LAUNCHER}, which finds other binaries. */
  readonly launcher?: string;
}

/** What an embedded server is to its user, without the methods. */
interface ServerOfChild {
  readonly url: string;
  readonly dataDir: string;
  readonly adopted: boolean;
}

/** Another process that uses an embedded server. */
export interface ChildUser {
  readonly server: ServerOfChild;
  /** Lets the process stop its server and end. */
  end(): Promise<void>;
  /** Resolves when the process has ended, by itself or not. */
  readonly ended: Promise<unknown>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** Starts a process that uses the server of this directory; resolves when it has it. */
export async function childUser(
  dataDir: string,
  { uid, forget = false, launcher = BUILT_LAUNCHER }: ChildOptions = {},
): Promise<ChildUser> {
  const args = [pathToFileURL(launcher).href, dataDir, String(uid ?? ''), forget ? 'forget' : ''];
  const child = spawn(process.execPath, ['--input-type=module', '--eval', CHILD, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: '/',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), failureOf(child)])) as [string];
  const ended = once(child, 'exit');
  return {
    ended,
    server: JSON.parse(line) as ServerOfChild,
    async end() {
      child.stdin.end();
      await ended;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function failureOf(child: ChildProcess): Promise<never> {
  const said: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk));
  await once(child, 'close');
  throw new Error(`the child ended: ${Buffer.concat(said).toString()}`);
}

/** Copies a directory, links as links; `cp` takes a fraction of the time of Node's, which looks at each file. */
export async function copyTree(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-RP', from, to]);
}

/** An empty directory that other accounts can enter, removed after `work`. */
export async function withTemporaryDir<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'harbor-storage-test-'));
  await chmod(directory, 0o755);
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

let cluster: Promise<string> | undefined;

/** As {@link withTemporaryDir}, with a cluster in it, whose server is stopped: a copy, made sooner than by initdb. */
export async function withCluster<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const made = await (cluster ??= makeCluster());
  return withTemporaryDir(async (directory) => {
    await rm(directory, { recursive: true });
    await promisify(execFile)('cp', ['-Rp', made, directory]);
    return work(directory);
  });
}

/** Removes what {@link withCluster} copies from. */
export async function removeCluster(): Promise<void> {
  const made = await cluster;
  cluster = undefined;
  if (made !== undefined) await rm(made, { recursive: true, force: true });
}

async function makeCluster(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'harbor-storage-test-'));
  await chmod(dataDir, 0o755);
  await (await startEmbeddedPostgres({ dataDir, durable: false })).stop();
  return dataDir;
}

/** The first column of the first row. */
export async function queryValue(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

/** Process id of the server itself. */
export async function postmasterPid(url: string): Promise<number> {
  return Number(await queryValue(url, `select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)`));
}

/** Waits until the condition holds; `false` when it does not in 20 seconds. */
export async function eventually(condition: () => Promise<boolean>): Promise<boolean> {
  return (await poll(20_000, async () => ((await condition()) ? true : undefined))) ?? false;
}
