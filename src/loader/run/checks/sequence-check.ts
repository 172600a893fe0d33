import type { ClientBase } from 'pg';

import { describeFault } from '../../../postgres/faults/database-fault.js';
import type { LoadJob, Target } from '../../model/load-job.js';
import type { LoadPlan } from '../../model/load-plan.js';
import { rowsFor } from '../../model/load-unit.js';
import { valueAt } from '../../model/packed-row.js';
import type { PreparedBatch } from '../../read/batch-builder.js';
import type { LoadSession } from '../../write/session/load-session.js';

/** A column that takes its default from a sequence, and the highest value that records brought for it. */
interface BroughtValues {
  readonly plan: LoadPlan;
  readonly column: string;
  readonly sequence: string;
  highest: bigint;
}

/**
 * Follows the values that records bring for columns with a sequence. Such values do not move the sequence, so that it
 * would give some of them again, to rows inserted later.
 */
export class SequenceCheck {
  private readonly brought = new Map<string, BroughtValues>();

  /** Notes the values of a batch. */
  note({ targets }: LoadJob, { units }: PreparedBatch): void {
    for (const [index, target] of targets.entries()) {
      for (const { column, sequence } of target.plan.live.kind.sequences) {
        const place = target.plan.columns.find(({ name }) => name === column)?.index;
        const highest = highestOf(
          place === undefined
            ? []
            : rowsFor(units, index).map((row) => (row.deletes === true ? undefined : valueAt(row, place))),
        );
        if (highest !== undefined) {
          this.add(target, column, sequence, highest);
        }
      }
    }
  }

  /**
   * Once the load is done: warns of each sequence that is behind, or sets it if the load's options say so. A failure is
   * only a warning, since the rows are loaded.
   */
  async finish(session: LoadSession, { options }: LoadJob): Promise<void> {
    const { logger } = session.context;
    for (const brought of this.brought.values()) {
      try {
        const fix = await session.inTransaction((client) => findFix(client, brought, options.syncSequences === true));
        if (fix !== undefined) {
          logger.warn(
            options.syncSequences === true
              ? `Records brought values of ${nameOf(brought)} that its sequence had not reached. It was set by: ${fix}`
              : `Records brought values of ${nameOf(brought)} that its sequence has not reached, so rows without a value ` +
                  `will fail as duplicates. Run ${fix}, or load with syncSequences: true.`,
          );
        }
      } catch (error) {
        const { message } = describeFault(error);
        logger.warn(`Could not check the sequence ${brought.sequence} of ${nameOf(brought)}: ${message}`);
      }
    }
  }

  private add({ plan }: Target, column: string, sequence: string, highest: bigint): void {
    const name = `${plan.quotedTable} ${column}`;
    const known = this.brought.get(name);
    if (known === undefined) {
      this.brought.set(name, { plan, column, sequence, highest });
    } else if (highest > known.highest) {
      known.highest = highest;
    }
  }
}

function highestOf(values: readonly (string | null | undefined)[]): bigint | undefined {
  let highest: bigint | undefined;
  for (const text of values) {
    if (typeof text === 'string' && /^\d+$/.test(text)) {
      const value = BigInt(text);
      highest = highest === undefined || value > highest ? value : highest;
    }
  }
  return highest;
}

/**
 * The statement that moves a sequence past the values in the table; undefined when it is not behind.
 * @param runs - also runs it
 */
async function findFix(
  client: ClientBase,
  { plan, column, sequence, highest }: BroughtValues,
  runs: boolean,
): Promise<string | undefined> {
  const { rows } = await client.query<{ next: string }>(
    `SELECT (last_value + CASE WHEN is_called THEN 1 ELSE 0 END)::text AS next FROM ${sequence}`,
  );
  const next = BigInt(rows[0]?.next ?? 0);
  if (highest < next) {
    return undefined;
  }
  // Of the values that were brought, some may have been rejected.
  const quoted = plan.columns.find(({ name }) => name === column)?.quoted;
  const stored = await client.query<{ max: string | null }>(
    `SELECT max(${quoted})::bigint::text AS max FROM ${plan.quotedTable}`,
  );
  const max = stored.rows[0]?.max ?? null;
  if (max === null || BigInt(max) < next) {
    return undefined;
  }
  const name = client.escapeLiteral(sequence);
  if (runs) {
    // Another session may have moved it further meanwhile.
    await client.query(`SELECT setval(${name}, GREATEST(last_value, ${max})) FROM ${sequence}`);
  }
  return `SELECT setval(${name}, ${max})`;
}

function nameOf({ plan, column }: BroughtValues): string {
  return `${plan.table}.${column}`;
}
