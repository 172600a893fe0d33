import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ServerAccount } from '../../../src/embedded/home/server-account.js';
import { serverEnvironment } from '../../../src/embedded/system/run-command.js';
import { freePort } from '../processes/free-port.js';
import { eventually, queryValue } from '../processes/embedded-processes.js';
import { findCitus } from './binaries.js';

/** A server of the cluster. */
interface CitusNode {
  /** The way to its own database; any other is reached by its name. */
  readonly url: string;
  /** Kills the server with all its sessions, as a crash does. */
  crash(): Promise<void>;
  /** Starts it again, at the same port, and waits until it takes connections. */
  start(): Promise<void>;
}

/** A coordinator and its workers, without a database that has the extension. */
export interface CitusCluster {
  readonly coordinator: CitusNode;
  readonly workers: readonly CitusNode[];
  stop(): Promise<void>;
}

/** Small, so that a batch has rows for each shard. */
const SHARDS = 8;
const WORKERS = 2;

const settingsOf = (port: number): string => `
shared_preload_libraries = 'citus'
listen_addresses = '127.0.0.1'
port = ${port}
unix_socket_directories = ''
max_connections = 300
max_prepared_transactions = 300
fsync = off
full_page_writes = off
citus.shard_count = ${SHARDS}
citus.enable_statistics_collection = off
`;

/** Ends the server when the process that has started it ends, in any way. */
const UNTIL_INPUT_ENDS = `
exec 4<&0
"$@" </dev/null 4<&- & server=$!
( cat <&4 >/dev/null; while kill -INT "$server"; do sleep 1; done ) 2>/dev/null &
exec 4<&-
wait "$server"
`;

/** Starts three servers of a Postgres with Citus, with their data in a temporary directory. */
export async function startCitusCluster(): Promise<CitusCluster> {
  const binaries = findCitus() ?? '';
  const directory = await mkdtemp(join(tmpdir(), 'harbor-storage-citus-'));
  await chmod(directory, 0o755);
  const account = await ServerAccount.forDirectory(directory);
  await account.give(directory);
  const nodes: Node[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.crash()));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    for (let number = 0; number <= WORKERS; number += 1) {
      const node = new Node(binaries, join(directory, `node${number}`), await freePort(), account);
      nodes.push(node);
      await node.create();
      await node.start();
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const [coordinator, ...workers] = nodes as [Node, ...Node[]];
  return { coordinator, workers, stop };
}

class Node implements CitusNode {
  private server: ChildProcess | undefined;

  constructor(
    private readonly binaries: string,
    private readonly data: string,
    private readonly port: number,
    private readonly account: ServerAccount,
  ) {}

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  async create(): Promise<void> {
    const options = ['--auth=trust', '--username=postgres', '-E', 'UTF8', '--no-locale', '--no-sync'];
    const { ok, output } = await this.account.run(join(this.binaries, 'initdb'), ['-D', this.data, ...options]);
    if (!ok) throw new Error(`Could not create a node of the Citus cluster: ${output}`);
    await appendFile(join(this.data, 'postgresql.conf'), settingsOf(this.port));
  }

  async start(): Promise<void> {
    const command = [join(this.binaries, 'postgres'), '-D', this.data];
    const server = spawn('/bin/sh', ['-c', UNTIL_INPUT_ENDS, 'citus', ...command], {
      ...this.account.spawnOptions,
      ...serverEnvironment(),
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    const said: Buffer[] = [];
    server.stderr.on('data', (chunk: Buffer) => said.push(chunk));
    this.server = server;
    const isReady = (): Promise<boolean> => queryValue(this.url, 'SELECT true').then(Boolean, () => hasEnded(server));
    if (!(await eventually(isReady)) || hasEnded(server)) {
      throw new Error(`A node of the Citus cluster does not start: ${Buffer.concat(said).toString()}`);
    }
  }

  async crash(): Promise<void> {
    const { server } = this;
    if (server === undefined || hasEnded(server)) return;
    const ended = once(server, 'exit');
    const [pid] = (await readFile(join(this.data, 'postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(pid), 'SIGQUIT');
    await ended;
    server.stdin?.destroy();
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
