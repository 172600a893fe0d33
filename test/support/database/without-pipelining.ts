import type { EventEmitter } from 'node:events';

import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';

/** Runs `work` with connections that cannot pipeline, as those of pg before 8.23 and of its native client. */
export async function withoutPipelining<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
  const pool = (dataSource.driver as unknown as { master: EventEmitter }).master;
  const before = new Map<{ pipeline?: unknown }, unknown>();
  const forget = (client: ClientBase): void => {
    const pipelining = client as { pipeline?: unknown };
    before.set(pipelining, pipelining.pipeline);
    delete pipelining.pipeline;
  };
  pool.on('acquire', forget);
  try {
    return await work();
  } finally {
    pool.off('acquire', forget);
    before.forEach((pipeline, client) => Object.assign(client, { pipeline }));
  }
}
