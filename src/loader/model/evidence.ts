import type { LoadUnit } from './load-unit.js';

/**
 * Which tables have taken a record of the load. An error that may be every row's (a missing privilege) or one row's (a
 * trigger that raises) is a row's only where other records pass.
 */
export class Evidence {
  private readonly taken: boolean[];
  /** The table that is written, or at which the last write failed: its place among the load's. */
  target = 0;

  /** @param taken - for each table, whether earlier batches of the load have stored records in it */
  constructor(taken: readonly boolean[]) {
    this.taken = [...taken];
  }

  /** For each table, whether it has taken a record. */
  get tables(): readonly boolean[] {
    return this.taken;
  }

  /** Whether the table at which the last write failed has taken a record. */
  get hasTaken(): boolean {
    return this.taken[this.target] === true;
  }

  /** Notes that units were written. */
  add(units: readonly LoadUnit[]): void {
    for (const { rows } of units) {
      rows.forEach((row, target) => {
        if (row !== undefined) {
          this.taken[target] = true;
        }
      });
      if (this.taken.every(Boolean)) {
        return;
      }
    }
  }
}
