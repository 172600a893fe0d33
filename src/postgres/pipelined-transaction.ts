import type { ClientBase, QueryResult, QueryResultRow } from 'pg';
import type { DataSource } from 'typeorm';

import { classifyFault } from './faults/sqlstate.js';
import { canPipeline, withPipelining } from './pipelining.js';
import { beginWith, settingsOf, type TransactionLimits, unlessNotConnected, withClient } from './with-transaction.js';

/** A transaction of one statement. */
export interface PipelinedStatement {
  /** Names the transaction; see {@link isInTransaction}. */
  readonly id: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** How such a transaction ended. */
export type PipelinedEnd<Row> =
  | { readonly kind: 'committed'; readonly rows: readonly Row[] }
  | { readonly kind: 'rolled back'; readonly error: unknown }
  /** The connection was lost, and the transaction may be committed. */
  | { readonly kind: 'unknown'; readonly error: unknown };

/** Its value is the transaction's id. */
const ID_SETTING = 'harbor_storage.transaction';

/**
 * SQL condition: the statement runs in the transaction of this id. Without it, a statement whose BEGIN has failed would
 * be committed alone.
 */
export function isInTransaction(id: string): string {
  return `current_setting('${ID_SETTING}', true) = '${id}'`;
}

/**
 * Runs one statement in a transaction of its own, as `withTransaction` would, in one round trip: BEGIN, the statement and
 * COMMIT are sent together. The statement itself must fail where the transaction must not be committed.
 * @throws an error when no connection could be obtained: nothing was sent
 */
export async function runPipelined<Row extends QueryResultRow>(
  dataSource: DataSource,
  limits: TransactionLimits,
  { id, text, values }: PipelinedStatement,
): Promise<PipelinedEnd<Row>> {
  const begin = beginWith({ ...settingsOf(limits), [ID_SETTING]: id });
  let lost: PipelinedEnd<Row> | undefined;
  try {
    return await withClient(
      dataSource,
      async (client) => {
        const end = endOf<Row>(
          await sendAll(client, [
            () => client.query(begin),
            () => client.query(text, [...values]),
            () => client.query('COMMIT'),
          ]),
        );
        if (end.kind === 'unknown') {
          lost = end;
          // Only an error keeps the connection from going back to the pool.
          throw end.error;
        }
        return end;
      },
      limits.connectTimeoutMs,
    );
  } catch (error) {
    if (lost === undefined) {
      throw error;
    }
    return lost;
  }
}

type Reply = PromiseSettledResult<QueryResult>;

/** Sends queries without waiting for replies where pg can, else one after the other. */
async function sendAll(client: ClientBase, queries: readonly (() => Promise<QueryResult>)[]): Promise<Reply[]> {
  if (canPipeline(client)) {
    return withPipelining(client, true, () => Promise.allSettled(queries.map((send) => send())));
  }
  const replies: Reply[] = [];
  for (const send of queries) {
    replies.push(...(await Promise.allSettled([send()])));
  }
  return replies;
}

function endOf<Row>(replies: readonly Reply[]): PipelinedEnd<Row> {
  const [begun, written, committed] = replies as [Reply, Reply, Reply];
  const failed = replies.find((reply) => reply.status === 'rejected');
  if (failed === undefined) {
    return written.status === 'fulfilled' && committed.status === 'fulfilled' && committed.value.command === 'COMMIT'
      ? { kind: 'committed', rows: written.value.rows as Row[] }
      : { kind: 'rolled back', error: new Error('COMMIT was answered with ROLLBACK') };
  }
  const error: unknown = failed.reason;
  const isLost = classifyFault(error) === 'connection' && committed.status === 'rejected';
  return isLost
    ? { kind: 'unknown', error: failed === begun ? unlessNotConnected(error) : error }
    : { kind: 'rolled back', error };
}
