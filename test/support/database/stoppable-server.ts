import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/embedded/embedded-postgres.js';
import { isAlive } from '../../../src/embedded/system/processes.js';
import { eventually, postmasterPid } from '../processes/embedded-processes.js';
import { type Proxy, startProxy } from './proxy.js';

/** How a server is told to end: `immediate` is a crash, `fast` what an administrator's restart does. */
export type StopMode = 'immediate' | 'fast';

/** A server of a test's own, which can be stopped and started again at the same address. */
export interface StoppableServer {
  readonly url: string;
  readonly proxy: Proxy;
  /** Ends the server; its address then rejects connections. */
  stop(mode: StopMode): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** It is durable: what was committed is to be there after a crash. */
export async function startStoppableServer(): Promise<StoppableServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'harbor-storage-test-'));
  await chmod(dataDir, 0o755);
  let postgres: EmbeddedPostgres = await startEmbeddedPostgres({ dataDir });
  // A restarted server gets another port; the proxy keeps the address.
  const proxy = await startProxy(postgres.url);
  return {
    url: proxy.url,
    proxy,
    async stop(mode) {
      const pid = await postmasterPid(postgres.url);
      process.kill(pid, mode === 'immediate' ? 'SIGQUIT' : 'SIGINT');
      if (!(await eventually(async () => !(await isAlive(pid))))) throw new Error('the server does not end');
      await proxy.reject();
    },
    async start() {
      const former = postgres;
      postgres = await startEmbeddedPostgres({ dataDir });
      await former.stop();
      await proxy.restore(postgres.url);
    },
    async close() {
      await proxy.close();
      await postgres.stop();
      await Promise.all([dataDir, postgres.dataDir].map((path) => rm(path, { recursive: true, force: true })));
    },
  };
}
