import type { RejectingTable } from '../quarantine/quarantine-store.js';

/** A load some of whose rejected records are to be replayed. */
export interface RejectedLoad extends RejectingTable {
  readonly loadId: string;
  /** As its records are to be loaded now. */
  readonly disposition: 'merge' | 'append';
  readonly primaryKey: readonly string[] | undefined;
  readonly newerBy: string | undefined;
  /** How many of its records there are. */
  readonly records: number;
}

/** Loads whose rejected records are replayed by one load. */
export interface ReplaySegment extends Omit<RejectedLoad, 'loadId' | 'records'> {
  readonly loads: readonly RejectedLoad[];
}

/**
 * Puts loads that were done in the same way together, in as few segments as the rule "the later record wins" allows: a
 * load joins the segment before it unless a load that was done in another way, into the same table, lies between.
 * @param loads - oldest first
 * @param tablesOf - the tables behind a load's
 */
export function segmentsOf(
  loads: readonly RejectedLoad[],
  tablesOf: (load: RejectingTable) => readonly string[],
): ReplaySegment[] {
  const segments: (ReplaySegment & { readonly loads: RejectedLoad[] })[] = [];
  for (const load of loads) {
    const { table, schema, disposition, primaryKey, newerBy } = load;
    const tables = tablesOf(load);
    const last = segments.findLast((segment) => tablesOf(segment).some((name) => tables.includes(name)));
    if (last !== undefined && wayOf(last) === wayOf(load)) {
      last.loads.push(load);
    } else {
      segments.push({ table, schema, disposition, primaryKey, newerBy, loads: [load] });
    }
  }
  return segments;
}

function wayOf({ table, schema, disposition, primaryKey, newerBy }: Omit<ReplaySegment, 'loads'>): string {
  return JSON.stringify([table, schema, disposition, primaryKey, newerBy]);
}
