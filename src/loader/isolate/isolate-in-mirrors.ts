import type { ClientBase } from 'pg';

import { classifyFault } from '../../postgres/faults/sqlstate.js';
import { rolledBack } from '../../postgres/with-transaction.js';
import { isDistributed, mirrored, mirrorOf } from '../distributed/mirror-table.js';
import { mirrorColumns, readIntoMirror } from '../distributed/mirror-statements.js';
import type { WriteContext } from '../model/load-context.js';
import type { Target } from '../model/load-job.js';
import { type LoadUnit, rowsFor } from '../model/load-unit.js';
import { copyAcross } from '../write/copy-rows.js';
import { addOutcomes, rejectedOutcome } from '../write/write-outcome.js';
import { writeTogether } from '../write/write-together.js';
import { createMirrors } from './create-mirrors.js';
import { type IsolationOutcome, isolateUnits } from './isolate-units.js';
import { withoutRecords } from './write-folded.js';

/**
 * Finds the faulty units in the mirrors of distributed tables, as {@link isolateUnits} does, and writes the others. On a
 * connection beside that of the load: there each attempt would be a savepoint on every worker that the transaction has met.
 */
export async function isolateInMirrors(
  client: ClientBase,
  context: WriteContext,
  units: readonly LoadUnit[],
): Promise<IsolationOutcome> {
  const { job } = context;
  const { rejected, untried, waiting } = await rolledBack(client, () => findFaulty(client, context, units));
  const left = new Set([...untried, ...waiting.keys()]);
  const tried = units.filter((unit) => !left.has(unit));
  const good = withoutRecords(job, tried, rejected);
  const found = rejectedOutcome(job, rejected);
  const outcome = good.length === 0 ? found : addOutcomes(found, await writeTogether(client, context, good));
  context.evidence.add(good);
  return { ...outcome, untried, waiting };
}

async function findFaulty(
  client: ClientBase,
  context: WriteContext,
  units: readonly LoadUnit[],
): Promise<Pick<IsolationOutcome, 'rejected' | 'untried' | 'waiting'>> {
  const { targets } = context.job;
  const inMirrors = { ...context, job: { ...context.job, targets: targets.map(mirrored) }, sharesTables: true };
  const distributed = targets.filter(isDistributed);
  for (const [index, target] of targets.entries()) {
    if (isDistributed(target)) {
      const rows = units.flatMap((unit) => rowsFor([unit, ...unit.parts], index));
      await readIntoMirror(client, target, rows);
    }
  }
  // What a table of this server alone holds, another transaction does not see.
  if (context.aside !== undefined && distributed.length === targets.length) {
    try {
      return await context.aside(async (other) => {
        await createMirrors(other, { targets });
        for (const target of distributed) {
          await copyAcross(client, other, mirrorOf(target).target.plan.quotedTable, mirrorColumns(target));
        }
        return namingTables(await isolateUnits(other, inMirrors, units), targets);
      });
    } catch (error) {
      if (classifyFault(error) !== 'connection') {
        throw error;
      }
      // The pool has no connection left.
    }
  }
  return namingTables(await isolateUnits(client, inMirrors, units), targets);
}

/** People know the table that a row was meant for. */
function namingTables(outcome: IsolationOutcome, targets: readonly Target[]): IsolationOutcome {
  const name = (message: string): string =>
    targets.reduce(
      (text, target) => text.replace(`table ${mirrorOf(target).name}`, () => `table ${target.plan.table}`),
      message,
    );
  const rejected = outcome.rejected.map(({ rejection, ...record }) => ({
    ...record,
    rejection: { ...rejection, message: name(rejection.message) },
  }));
  const waiting = new Map(
    Array.from(outcome.waiting, ([unit, fault]) => [unit, { ...fault, message: name(fault.message) }] as const),
  );
  return { ...outcome, rejected, waiting };
}
