import { cpus, totalmem } from 'node:os';

import { withConnection } from '../tables/connection.js';

/** Environment of the measurements. */
export interface Machine {
  readonly date: string;
  readonly cpus: string;
  readonly memory: string;
  readonly node: string;
  readonly postgres: string;
  readonly command: string;
}

export async function describeMachine(url: string, args: readonly string[]): Promise<Machine> {
  const postgres = await withConnection(url, async (client) => {
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version ?? 'unknown';
  });
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 'YYYY-MM-DD'.length),
    cpus: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
    postgres,
    command: ['npm run bench --', ...args.map(withoutUrl)].join(' '),
  };
}

/** It contains a password. */
function withoutUrl(arg: string): string {
  return arg.replace(/^(--url=)?postgres(?:ql)?:.*$/s, '$1…');
}
