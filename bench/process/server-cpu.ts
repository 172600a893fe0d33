import { readdir, readFile } from 'node:fs/promises';

import type { ClientBase } from 'pg';

/** Linux counts the CPU time of processes in hundredths of a second. */
const MICROSECONDS_A_TICK = 10_000;
const NAME = 'postgres';

interface ProcessTimes {
  readonly name: string;
  readonly parent: number;
  readonly own: number;
  /** Of its children that have ended. */
  readonly ended: number;
}

/** Reads the CPU time of all processes of a Postgres server, in microseconds. */
export type ServerCpu = () => Promise<number>;

/** Undefined where the server is on another machine, or /proc is missing. */
export async function watchServerCpu(client: ClientBase): Promise<ServerCpu | undefined> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const backend = await readTimes(rows[0]?.pid ?? 0);
  if (backend?.name !== NAME) {
    return undefined;
  }
  const server = backend.parent;
  return async () => {
    const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
    const ticks = await Promise.all(pids.map(async (pid) => ticksOf(await readTimes(pid), pid === server, server)));
    return ticks.reduce((sum, each) => sum + each, 0) * MICROSECONDS_A_TICK;
  };
}

function ticksOf(times: ProcessTimes | undefined, isServer: boolean, server: number): number {
  if (times === undefined) {
    return 0;
  }
  if (isServer) {
    return times.own + times.ended;
  }
  return times.parent === server ? times.own : 0;
}

/** See proc_pid_stat(5). */
async function readTimes(pid: number): Promise<ProcessTimes | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  const [, name, rest] = /^\d+ \((.*)\) (.*)$/s.exec(text ?? '') ?? [];
  if (name === undefined || rest === undefined) {
    return undefined;
  }
  const fields = rest.split(' ').map(Number);
  const [parent = 0] = fields.slice(1);
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11);
  return { name, parent, own: user + system, ended: endedUser + endedSystem };
}
