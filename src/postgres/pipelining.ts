import type { ClientBase } from 'pg';

/** pg has it from 8.23 on; its native client has it not. */
function pipelineOf(client: ClientBase): { pipeline?: boolean } {
  return client as { pipeline?: boolean };
}

/** Whether a connection can send queries without waiting for the replies to those before. */
export function canPipeline(client: ClientBase): boolean {
  return pipelineOf(client).pipeline !== undefined;
}

/** Runs `work` on a connection that pipelines or does not, whatever the options of its pool say. */
export async function withPipelining<T>(client: ClientBase, pipelines: boolean, work: () => Promise<T>): Promise<T> {
  if (!canPipeline(client)) {
    return work();
  }
  const pipelined = pipelineOf(client);
  const before = pipelined.pipeline as boolean;
  pipelined.pipeline = pipelines;
  try {
    return await work();
  } finally {
    pipelined.pipeline = before;
  }
}
