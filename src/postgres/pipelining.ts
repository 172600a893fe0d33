import type { Socket } from 'node:net';

import type { ClientBase } from 'pg';

/** Parts of pg's client that its types do not have. */
interface Internals {
  /** pg has it from 8.23 on; its native client has it not. */
  pipeline?: boolean;
  readonly connection?: {
    readonly stream?: Pick<Socket, 'cork' | 'uncork'>;
    /** Texts of the prepared statements, by name. */
    readonly parsedStatements?: Record<string, string>;
  };
}

function internalsOf(client: ClientBase): Internals {
  return client as Internals;
}

/** Whether a connection can send queries without waiting for the replies to those before. */
export function canPipeline(client: ClientBase): boolean {
  return internalsOf(client).pipeline !== undefined;
}

/** Runs `work` on a connection that pipelines or does not, whatever the options of its pool say. */
export async function withPipelining<T>(client: ClientBase, pipelines: boolean, work: () => Promise<T>): Promise<T> {
  if (!canPipeline(client)) {
    return work();
  }
  const pipelined = internalsOf(client);
  const before = pipelined.pipeline as boolean;
  pipelined.pipeline = pipelines;
  try {
    return await work();
  } finally {
    pipelined.pipeline = before;
  }
}

/** Runs `send`, and writes all that it sends at once. */
export function sendTogether<T>(client: ClientBase, send: () => T): T {
  const stream = internalsOf(client).connection?.stream;
  stream?.cork();
  try {
    return send();
  } finally {
    stream?.uncork();
  }
}

/** pg does not learn that a statement is deallocated. */
export function forgetStatement(client: ClientBase, name: string): void {
  delete internalsOf(client).connection?.parsedStatements?.[name];
}
