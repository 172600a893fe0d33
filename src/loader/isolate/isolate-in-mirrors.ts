import type { ClientBase } from 'pg';

import { withSavepoint } from '../../postgres/with-transaction.js';
import { isDistributed, mirrored, mirrorOf } from '../distributed/mirror-table.js';
import { readIntoMirror } from '../distributed/mirror-statements.js';
import type { WriteContext } from '../model/load-context.js';
import type { Target } from '../model/load-job.js';
import { type LoadUnit, rowsFor } from '../model/load-unit.js';
import { writeMirrorBack } from '../write/through-mirror.js';
import { NOTHING_WRITTEN } from '../write/write-staged.js';
import { whileContended } from '../write/write-together.js';
import { type IsolationOutcome, isolateUnits } from './isolate-units.js';

/** Finds the faulty units in the mirrors of distributed tables, as {@link isolateUnits} does, and writes the others back. */
export async function isolateInMirrors(
  client: ClientBase,
  context: WriteContext,
  units: readonly LoadUnit[],
): Promise<IsolationOutcome> {
  const { targets } = context.job;
  const job = { ...context.job, targets: targets.map(mirrored) };
  const rows = targets.map((_, index) => units.flatMap((unit) => rowsFor([unit, ...unit.parts], index)));
  const forEach = async (work: (target: Target, index: number) => Promise<void>): Promise<void> => {
    for (const [index, target] of targets.entries()) {
      if (isDistributed(target)) {
        await work(target, index);
      }
    }
  };
  return whileContended(() =>
    withSavepoint(client, async () => {
      await forEach((target, index) => readIntoMirror(client, target, rows[index] ?? []));
      const outcome = await isolateUnits(client, { ...context, job, sharesTables: true }, units);
      await forEach((target, index) => writeMirrorBack(client, target, rows[index] ?? [], NOTHING_WRITTEN));
      return namingTables(outcome, targets);
    }),
  );
}

/** People know the table that a row was meant for. */
function namingTables(outcome: IsolationOutcome, targets: readonly Target[]): IsolationOutcome {
  const name = (message: string): string =>
    targets.reduce(
      (text, target) => text.replace(`table ${mirrorOf(target).name}`, `table ${target.plan.table}`),
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
