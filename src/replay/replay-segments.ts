import type { LoadOptions } from '../loader/model/load-options.js';
import type { Disposition } from '../results/load-result.js';
import type { RejectingTable } from '../quarantine/quarantine-store.js';

/** A load with rejected records to replay. */
export interface RejectedLoad extends RejectingTable {
  readonly loadId: string;
  /** Disposition of the replay. */
  readonly disposition: Exclude<Disposition, 'replace'>;
  /** How its records meet stored rows. */
  readonly options: Pick<LoadOptions, 'primaryKey' | 'newerBy' | 'updateColumns' | 'keepColumns' | 'deleteWhen'>;
  /** Number of its records to replay. */
  readonly records: number;
}

/** Loads whose rejected records are replayed by one load. */
export interface ReplaySegment extends Omit<RejectedLoad, 'loadId' | 'records'> {
  readonly loads: readonly RejectedLoad[];
}

/**
 * Groups loads with the same options into as few segments as the rule "the later record wins" allows: a load joins an
 * earlier segment unless a load into the same table with other options lies between.
 * @param loads - oldest first
 * @param tablesOf - the tables of a load
 */
export function segmentsOf(
  loads: readonly RejectedLoad[],
  tablesOf: (load: RejectingTable) => readonly string[],
): ReplaySegment[] {
  const segments: (ReplaySegment & { readonly loads: RejectedLoad[] })[] = [];
  for (const load of loads) {
    const { table, schema, tables: combined, disposition, options } = load;
    const tables = tablesOf(load);
    const last = segments.findLast((segment) => tablesOf(segment).some((name) => tables.includes(name)));
    if (last !== undefined && wayOf(last) === wayOf(load)) {
      last.loads.push(load);
    } else {
      segments.push({ table, schema, tables: combined, disposition, options, loads: [load] });
    }
  }
  return segments;
}

function wayOf({ table, schema, disposition, options }: Omit<ReplaySegment, 'loads'>): string {
  return JSON.stringify([table, schema, disposition, options]);
}
