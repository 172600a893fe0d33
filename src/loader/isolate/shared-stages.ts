import type { ClientBase } from 'pg';

import { nameByDefinition } from '../../postgres/identifiers.js';
import { withSavepoint } from '../../postgres/with-transaction.js';
import { createIsolation, isolationTables } from './isolation-tables.js';
import type { LoadJob } from '../model/load-job.js';
import type { LoadPlan } from '../model/load-plan.js';
import { MASK_COLUMN } from '../merge/merge-spec.js';

/** The job, with tables of {@link createSharedStages} for the rows of its batches on their way. */
export function withSharedStages(job: LoadJob): LoadJob {
  return {
    ...job,
    targets: job.targets.map((target) => ({ ...target, stage: `pg_temp.${stageOf(target.plan).name}` })),
  };
}

/**
 * Makes the tables that rows of a job are staged in, unless its transaction has them already, and empties them. To be
 * called outside the savepoints of the batches, where a table of this transaction is truncated in place; elsewhere each
 * time would leave a file until the end of the transaction.
 * @param isolates - those that records at fault are found in, too: worth their time once a record was rejected
 */
export async function createSharedStages(client: ClientBase, { targets }: LoadJob, isolates: boolean): Promise<void> {
  const stages = targets.map(({ plan }) => stageOf(plan));
  const creations = stages.map(
    ({ name, definition }) => `CREATE TEMPORARY TABLE IF NOT EXISTS ${name} (${definition}) ON COMMIT DROP`,
  );
  const tables = [...stages.map(({ name }) => `pg_temp.${name}`), ...(isolates ? isolationTables(targets) : [])];
  const create = [...creations, ...(isolates ? [createIsolation(targets)] : [])].join('; ');
  await withSavepoint(client, () => client.query(create));
  await client.query(`TRUNCATE ${tables.join(', ')}`);
}

/** A table that can hold the rows of any batch; its name says what it is, should the columns change meanwhile. */
function stageOf({ columns, extra }: LoadPlan): { readonly name: string; readonly definition: string } {
  const definition = [
    ...columns.map(({ quoted, type }) => `${quoted} ${type}`),
    ...(extra === undefined ? [] : [`${extra} jsonb`]),
    `${MASK_COLUMN} bit varying`,
  ].join(', ');
  return { name: nameByDefinition('harbor_stage', definition), definition };
}
