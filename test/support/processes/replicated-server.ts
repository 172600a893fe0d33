import { execFile } from 'node:child_process';
import { appendFile, chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { startEmbeddedPostgres } from '../../../src/embedded/embedded-postgres.js';
import { isAlive } from '../../../src/embedded/system/processes.js';
import { eventually, postmasterPid, queryValue } from './embedded-processes.js';

/** Its application_name, by which the primary knows it. */
const REPLICA = 'replica';

/** A primary, and a streaming replica that the primary waits for at each COMMIT. */
export interface ReplicatedServer {
  readonly primary: string;
  /** It has another URL each time it is started. */
  readonly replica: string;
  /** false: the replica keeps what comes from the primary, and its readers see the past. */
  replay(isOn: boolean): Promise<void>;
  stopReplica(): Promise<void>;
  startReplica(): Promise<void>;
  /** Ends the primary by SIGKILL, with what it has not sent. */
  killPrimary(): Promise<void>;
  /** Makes the replica a primary. */
  promote(): Promise<void>;
  /** Starts the killed primary as a standby, which takes no writes. @returns its URL */
  returnAsStandby(): Promise<string>;
  close(): Promise<void>;
}

/** Starts both. The replica is a copy of the files: the embedded binaries have no pg_basebackup. */
export async function startReplicatedServer(): Promise<ReplicatedServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'harbor-storage-test-'));
  await chmod(dataDir, 0o755);
  const made = await startEmbeddedPostgres({ dataDir });
  await made.stop();
  const replicaDir = `${made.dataDir}-replica`;
  await promisify(execFile)('cp', ['-Rp', made.dataDir, replicaDir]);
  let primary = await startEmbeddedPostgres({ dataDir });
  await becomeStandby(replicaDir, primary.url);
  let replica = await startEmbeddedPostgres({ dataDir: replicaDir });
  await queryValue(primary.url, `ALTER SYSTEM SET synchronous_standby_names = '${REPLICA}'`);
  await queryValue(primary.url, 'SELECT pg_reload_conf()');
  await until(primary.url, `SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'`);
  const pid = await postmasterPid(primary.url);
  return {
    primary: primary.url,
    get replica() {
      return replica.url;
    },
    async replay(isOn) {
      await queryValue(replica.url, `SELECT pg_wal_replay_${isOn ? 'resume' : 'pause'}()`);
      await until(replica.url, `SELECT pg_get_wal_replay_pause_state() = '${isOn ? 'not paused' : 'paused'}'`);
    },
    stopReplica: () => replica.stop(),
    async startReplica() {
      replica = await startEmbeddedPostgres({ dataDir: replicaDir });
    },
    async killPrimary() {
      process.kill(pid, 'SIGKILL');
      if (!(await eventually(async () => !(await isAlive(pid))))) throw new Error('the server does not end');
    },
    async promote() {
      await queryValue(replica.url, 'SELECT pg_promote()');
    },
    async returnAsStandby() {
      const former = primary;
      await becomeStandby(former.dataDir);
      primary = await startEmbeddedPostgres({ dataDir });
      await former.stop();
      return primary.url;
    },
    async close() {
      await replica.stop();
      await primary.stop();
      const paths = [dataDir, primary.dataDir, replicaDir];
      await Promise.all(paths.map((path) => rm(path, { recursive: true, force: true })));
    },
  };
}

/** @param of - URL of the primary; without one it only replays what it has */
async function becomeStandby(dataDir: string, of?: string): Promise<void> {
  const cluster = join(dataDir, 'pgdata');
  const signal = join(cluster, 'standby.signal');
  await writeFile(signal, '');
  const { uid, gid } = await stat(cluster);
  await chown(signal, uid, gid);
  if (of !== undefined) {
    const { hostname, port, username, password } = new URL(of);
    const way = `host=${hostname} port=${port} user=${username} password=${password} application_name=${REPLICA}`;
    await appendFile(join(cluster, 'postgresql.auto.conf'), `primary_conninfo = '${way}'\n`);
  }
}

async function until(url: string, sql: string): Promise<void> {
  if (!(await eventually(async () => (await queryValue(url, sql)) === true))) {
    throw new Error(`this never came true: ${sql}`);
  }
}
