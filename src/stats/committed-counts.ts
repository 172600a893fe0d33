import { errorCode } from '../errors/error-text.js';
import { StorageError } from '../errors/index.js';
import { type LoadCounts, NO_COUNTS } from '../results/load-counts.js';
import { type NamedLoad, readCommittedBatches, type RunQuery } from './committed-batches.js';
import { addToEach, type BatchName, COUNTS_VERSION, emptyTotals, readTotals, tallyCountOf } from './load-totals.js';

/** What loads have committed, for each table as their batches count them; or why it cannot be read. */
export type CommittedCounts = ReadonlyMap<string, readonly LoadCounts[] | StorageError>;

/** The sum of the counts at one place of all batches of a load. */
interface PlaceSum extends LoadCounts {
  readonly loadId: string;
  readonly place: number;
  readonly batches: number;
  /** Batches that lack a count, or are of another version. */
  readonly others: number;
}

const NAMES = Object.keys(NO_COUNTS) as (keyof LoadCounts)[];
/** Batches of older versions do not have it. */
const ADDED: keyof LoadCounts = 'deleted';

const SUMS = NAMES.map((name) => `COALESCE(sum((t.counts->>'${name}')::bigint), 0)::float8 AS ${name}`).join(', ');
const REQUIRED = NAMES.filter((name) => name !== ADDED).map((name) => `t.counts->>'${name}'`);

/**
 * Sums up what loads have committed so far, by load id.
 * @param batchTable - quoted name of `storage_load_batches`
 */
export async function readCommittedCounts(
  query: RunQuery,
  batchTable: string,
  loads: readonly NamedLoad[],
): Promise<CommittedCounts> {
  const sums = new Map<string, readonly LoadCounts[] | StorageError>();
  if (loads.length === 0) {
    return sums;
  }
  const found = await sumByPlace(query, batchTable, loads);
  const others: NamedLoad[] = [];
  for (const load of loads) {
    const places = found.filter(({ loadId }) => loadId === load.loadId);
    if (places.length === 0) {
      sums.set(load.loadId, emptyTotals(tallyCountOf(load)).tables);
    } else if (areAllCounted(load, places)) {
      sums.set(load.loadId, places.map(countsOf));
    } else {
      others.push(load);
    }
  }
  return others.length === 0 ? sums : new Map([...sums, ...(await readOneByOne(query, batchTable, others))]);
}

/** The database sums up batches of this version: a load may have many. */
async function sumByPlace(query: RunQuery, batchTable: string, loads: readonly NamedLoad[]): Promise<PlaceSum[]> {
  const summing = query(
    `SELECT b.load_id AS "loadId", t.place::integer AS place, ${SUMS}, count(*)::float8 AS batches,
            (count(*) FILTER (WHERE num_nulls(${REQUIRED.join(', ')}) > 0))::float8 AS others
       FROM ${batchTable} AS b
      CROSS JOIN LATERAL jsonb_array_elements(
              CASE WHEN b.counts->>'version' = $2 AND jsonb_typeof(b.counts->'tables') = 'array'
                   THEN b.counts->'tables' ELSE '[{}]' END) WITH ORDINALITY AS t(counts, place)
      WHERE b.load_id = ANY($1::uuid[]) GROUP BY 1, 2 ORDER BY 1, 2`,
    [loads.map(({ loadId }) => loadId), String(COUNTS_VERSION)],
  );
  return summing.catch((error: unknown) => {
    if (errorCode(error)?.startsWith('22') !== true) {
      throw error;
    }
    // A count that is none: which load has it?
    return loads.map(({ loadId }) => ({ loadId, others: 1 }));
  }) as Promise<PlaceSum[]>;
}

function areAllCounted(load: NamedLoad, places: readonly PlaceSum[]): boolean {
  const [first] = places;
  return (
    places.length === tallyCountOf(load) &&
    places.every(({ others, batches }) => others === 0 && batches === first?.batches)
  );
}

function countsOf(sum: PlaceSum): LoadCounts {
  const counts = NAMES.map((name) => [name, sum[name]] as const);
  return Object.fromEntries(counts) as unknown as LoadCounts;
}

/** Batches of any version. One that cannot be read must not hide the history of other loads. */
async function readOneByOne(
  query: RunQuery,
  batchTable: string,
  loads: readonly NamedLoad[],
): Promise<Map<string, readonly LoadCounts[] | StorageError>> {
  const sums = new Map<string, readonly LoadCounts[] | StorageError>(
    loads.map((load) => [load.loadId, emptyTotals(tallyCountOf(load)).tables]),
  );
  for await (const { counts, ...batch } of readCommittedBatches(query, batchTable, loads, {
    omitted: ['rejects', 'unknownFields'],
  })) {
    const sum = sums.get(batch.loadId);
    if (sum !== undefined && !(sum instanceof StorageError)) {
      sums.set(batch.loadId, addReadable(sum, counts, batch));
    }
  }
  return sums;
}

function addReadable(
  sum: readonly LoadCounts[],
  counts: unknown,
  batch: BatchName,
): readonly LoadCounts[] | StorageError {
  try {
    return addToEach(sum, readTotals(counts, batch).tables);
  } catch (error) {
    if (error instanceof StorageError) {
      return error;
    }
    throw error;
  }
}
