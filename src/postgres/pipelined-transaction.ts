import type { ClientBase, QueryResult, QueryResultRow } from 'pg';
import type { DataSource } from 'typeorm';

import { errorCode } from '../errors/error-text.js';
import { classifyFault } from './faults/sqlstate.js';
import { canPipeline, sendTogether, withPipelining } from './pipelining.js';
import { NOT_PREPARED, PreparedStatements } from './prepared-statements.js';
import {
  beginWith,
  begunRow,
  BY_INDEX,
  readOnlyError,
  type Settings,
  settingsOf,
  type TransactionLimits,
} from './with-transaction.js';
import { unlessNotConnected, withClient } from './with-client.js';

/** A transaction of one statement. */
export interface PipelinedStatement {
  /** Names the transaction; see {@link isInTransaction}. */
  readonly id: string;
  readonly text: string;
  readonly values: readonly unknown[];
  /** It may be prepared, and planned without a look at its values and at the sizes of its tables. */
  readonly isPreparable: boolean;
  /** Its rows are needed though the reply to COMMIT be lost: so COMMIT is sent when they have come, in another round trip. */
  readonly keepsRows: boolean;
}

/** How such a transaction ended. */
export type PipelinedEnd<Row> =
  | { readonly kind: 'committed'; readonly rows: readonly Row[] }
  | { readonly kind: 'rolled back'; readonly error: unknown }
  /** The connection was lost, and the transaction may be committed. */
  | { readonly kind: 'unknown'; readonly error: unknown; readonly rows: readonly Row[] };

/**
 * A prepared statement is planned once, perhaps for an empty table. So its plan must read tables by their indexes. Only
 * the statement itself, which fires no trigger, is planned by these settings.
 */
const PREPARED: Settings = { plan_cache_mode: 'force_generic_plan', ...BY_INDEX };

/** There is no such prepared statement, or there is one already. */
const LOST_TRACK: ReadonlySet<string | undefined> = new Set(['26000', '42P05']);

/** Its value is the transaction's id. */
const ID_SETTING = 'harbor_storage.transaction';

/**
 * SQL condition: the statement runs in the transaction of this id. Without it, a statement whose BEGIN has failed would
 * be committed alone.
 */
export function isInTransaction(id: string): string {
  return `current_setting('${ID_SETTING}', true) = ${id}`;
}

/**
 * Runs one statement in a transaction of its own, as `withTransaction` would, in one round trip: BEGIN, the statement and
 * COMMIT are sent together. The statement itself must fail where the transaction must not be committed.
 * @throws an error when no connection could be obtained: nothing was sent
 */
export async function runPipelined<Row extends QueryResultRow>(
  dataSource: DataSource,
  limits: TransactionLimits,
  statement: PipelinedStatement,
): Promise<PipelinedEnd<Row>> {
  let ended: PipelinedEnd<Row> | undefined;
  try {
    return await withClient(
      dataSource,
      async (client) => {
        const end = await send<Row>(client, settingsOf(limits), statement);
        if (end.kind !== 'committed' && classifyFault(end.error) === 'connection') {
          ended = end;
          // Only an error keeps the connection from going back to the pool.
          throw end.error;
        }
        return end;
      },
      limits.connectTimeoutMs,
    );
  } catch (error) {
    if (ended === undefined) {
      throw error;
    }
    return ended;
  }
}

async function send<Row extends QueryResultRow>(
  client: ClientBase,
  settings: Settings,
  { id, text, values, isPreparable, keepsRows }: PipelinedStatement,
): Promise<PipelinedEnd<Row>> {
  const prepared = PreparedStatements.of(client);
  const { name, dropped } = isPreparable ? prepared.prepare(text) : NOT_PREPARED;
  const ownSettings = { ...settings, ...(name !== undefined && PREPARED), [ID_SETTING]: id };
  const commit = (): Promise<QueryResult> => client.query('COMMIT');
  const replies = await sendAll(client, [
    ...(dropped === undefined ? [] : [() => client.query(`DEALLOCATE "${dropped}"`)]),
    () => client.query(beginWith(ownSettings, prepared.knowsServer ? [] : ['pg_backend_pid() AS pid'])),
    () => client.query({ name, text, values: [...values] }),
    ...(keepsRows ? [] : [commit]),
  ]);
  if (keepsRows) {
    replies.push(...(await sendAll(client, [commit])));
  }
  const [begun, written, committed] = replies.slice(-3) as [Reply, Reply, Reply];
  if (!prepared.knowsServer && begun.status === 'fulfilled') {
    prepared.noteServer(begunRow(begun.value)['pid'] as number | undefined);
  }
  if (name !== undefined && written.status === 'rejected' && LOST_TRACK.has(errorCode(written.reason))) {
    prepared.stop();
  }
  return endOf(begun, written, committed);
}

type Reply = PromiseSettledResult<QueryResult>;

/** Sends queries without waiting for replies where pg can, else one after the other. */
async function sendAll(client: ClientBase, queries: readonly (() => Promise<QueryResult>)[]): Promise<Reply[]> {
  if (canPipeline(client)) {
    return withPipelining(client, true, () =>
      sendTogether(client, () => Promise.allSettled(queries.map((query) => query()))),
    );
  }
  const replies: Reply[] = [];
  for (const query of queries) {
    replies.push(...(await Promise.allSettled([query()])));
  }
  return replies;
}

function endOf<Row>(begun: Reply, written: Reply, committed: Reply): PipelinedEnd<Row> {
  const failed = [begun, written, committed].find((reply) => reply.status === 'rejected');
  const rows = written.status === 'fulfilled' ? (written.value.rows as Row[]) : [];
  if (failed === undefined) {
    return committed.status === 'fulfilled' && committed.value.command === 'COMMIT'
      ? { kind: 'committed', rows }
      : { kind: 'rolled back', error: new Error('COMMIT was answered with ROLLBACK') };
  }
  const readOnly = begun.status === 'fulfilled' ? readOnlyError(begun.value) : undefined;
  const error: unknown = readOnly ?? failed.reason;
  const isLost = classifyFault(error) === 'connection' && committed.status === 'rejected';
  return isLost
    ? { kind: 'unknown', error: failed === begun ? unlessNotConnected(error) : error, rows }
    : { kind: 'rolled back', error };
}
