import type { EntityManager } from 'typeorm';

import { connectionError, isConnectionFault } from '../../postgres/faults/connection-error.js';
import { databaseError } from '../../postgres/faults/database-error.js';
import { describeFault } from '../../postgres/faults/database-fault.js';
import { isTransient } from '../../postgres/faults/sqlstate.js';
import { withRetry } from '../../postgres/with-retry.js';
import { withClient } from '../../postgres/with-client.js';
import { clientOf, withTransaction } from '../../postgres/with-transaction.js';
import type { LoadContext } from '../model/load-context.js';
import type { LoadPlan } from '../model/load-plan.js';
import type { Connected } from '../plan/load-plans.js';

/** Reading the schema is retried as any work of a load; in a caller's transaction it is not. */
export async function readSchema(
  { dataSource, limits, retry, logger }: LoadContext,
  manager: EntityManager | undefined,
  read: (connected: Connected) => Promise<LoadPlan[]>,
): Promise<LoadPlan[]> {
  const joined: Connected['ask'] = async (query) => query(await clientOf(manager as EntityManager));
  const connected: Connected =
    manager === undefined
      ? {
          ask: (query) => withClient(dataSource, query, limits.connectTimeoutMs),
          // What Postgres says of an expression of a table waits for the lock of who alters the table.
          read: (query) => withTransaction(dataSource, limits, query),
        }
      : { ask: joined, read: joined };
  try {
    return await withRetry(
      retry,
      () => read(connected),
      (error) => logger.warn(`retrying to read the schema after: ${describeFault(error, 'schema').message}`),
      (error) => manager === undefined && isTransient(error),
    );
  } catch (error) {
    if (manager === undefined && isConnectionFault(error)) {
      throw connectionError(undefined, error);
    }
    const code = manager === undefined ? 'SCHEMA_UNREADABLE' : 'TRANSACTION_FAILED';
    throw databaseError(error, code, 'Could not read the table schema');
  }
}
