import type { ClientBase } from 'pg';

/** Counts the queries `work` sends on a connection, and those it sends while another one runs there. */
export async function watchingOverlaps(
  client: ClientBase,
  work: () => Promise<unknown>,
): Promise<{ readonly sent: number; readonly overlapping: number }> {
  const counted = client as { query: (...query: unknown[]) => unknown };
  const original = counted.query;
  let running = 0;
  let sent = 0;
  let overlapping = 0;
  counted.query = async (...query) => {
    sent += 1;
    overlapping += running > 0 ? 1 : 0;
    running += 1;
    try {
      return await original.apply(client, query);
    } finally {
      running -= 1;
    }
  };
  try {
    await work();
  } finally {
    counted.query = original;
  }
  return { sent, overlapping };
}
