import { HYBRID, LoadEntity, type LoadStatus } from '../entities/index.js';
import { defaultSchema, quotedTableOf } from '../postgres/data-source.js';
import { loadedOf } from '../results/load-counts.js';
import { statisticsNameOf } from '../schema/table/entity-metadata.js';
import type { HistoryEntry } from '../stats/load-history.js';
import type { Questions } from './questions.js';
import { readRunning, type RunningLoads } from './running-loads.js';

/** When records last arrived in a table. */
export interface TableFreshness {
  /** Table name; those of hybrid and combined loads each for itself. */
  readonly table: string;
  /** The last load into the table, however it ended. */
  readonly lastLoad: { readonly loadId: string; readonly startedAt: Date; readonly status: LoadStatus };
  /**
   * When a load last brought at least one record that was stored (changed or not) or deleted its row; of a running load, its last
   * batch. Null if none has.
   */
  readonly lastArrivalAt: Date | null;
  /** Time since then, by the server's clock, in milliseconds. */
  readonly silentMs: number | null;
  /**
   * Median time between the last twenty arrivals, in milliseconds; null for fewer than four arrivals. Loads that follow each
   * other within ten minutes are one arrival.
   */
  readonly usualIntervalMs: number | null;
  /** A table is stale after three usual intervals, and at least an hour; null where the usual interval is not known. */
  readonly staleAfterMs: number | null;
  /** Silent for longer than `staleAfterMs`. */
  readonly stale: boolean;
}

/** Loads of one name into one table. */
interface Stream {
  readonly name: string;
  readonly table: string;
  /** The table, where a load of this name feeds several. */
  readonly member: string | null;
  /** The schema of the table, where it is not the only one of its name. */
  readonly schema: string | null;
}

interface LastLoad extends Pick<HistoryEntry, 'loadId' | 'options' | 'status' | 'startedAt'> {
  readonly name: string;
  readonly now: Date;
}

interface Arrivals {
  /** Latest first; null where a stream has none. */
  readonly times: readonly (Date | null)[];
}

const ONE_ARRIVAL_MS = 10 * 60_000;
const ARRIVALS = 20;
const FEWEST_ARRIVALS = 4;
const INTERVALS_OF_SILENCE = 3;
const SHORTEST_SILENCE_MS = 60 * 60_000;

/**
 * When records last arrived in each table that the history knows, by name.
 * @param running - the running loads, where they are known
 */
export async function readFreshness(questions: Questions, running?: RunningLoads): Promise<readonly TableFreshness[]> {
  const { dataSource, query } = questions;
  const loads = quotedTableOf(dataSource, LoadEntity);
  const lasts = await query<LastLoad>(lastLoads(loads), []);
  const streams = lasts.flatMap((last) => streamsOf(questions, last).map((stream) => ({ ...stream, last })));
  const found = await query<Arrivals>(arrivals(loads), [
    streams.map(({ name }) => name),
    streams.map(({ member }) => member),
    streams.map(({ schema }) => schema),
    defaultSchema(dataSource),
    `${ONE_ARRIVAL_MS} milliseconds`,
    ARRIVALS,
  ]);
  const byTable = new Map<string, { last: LastLoad; times: number[] }>();
  streams.forEach(({ table, last }, index) => {
    const times = found[index]?.times.flatMap((time) => (time === null ? [] : [time.getTime()])) ?? [];
    const before = byTable.get(table);
    const latest = before === undefined || last.startedAt > before.last.startedAt ? last : before.last;
    byTable.set(table, { last: latest, times: [...(before?.times ?? []), ...times] });
  });
  for (const [table, at] of runningArrivals(questions, running ?? (await readRunning(questions, {})))) {
    byTable.get(table)?.times.push(at);
  }
  const now = lasts[0]?.now.getTime() ?? 0;
  return Array.from(byTable, ([table, { last, times }]) => freshnessOf(table, last, times, now)).toSorted((a, b) =>
    a.table < b.table ? -1 : 1,
  );
}

/** The last load of each name. The names are found one by one, each by the index. */
function lastLoads(loads: string): string {
  return `
    WITH RECURSIVE names AS (
      (SELECT table_name AS name FROM ${loads} ORDER BY table_name LIMIT 1)
      UNION ALL
      SELECT (SELECT table_name FROM ${loads} WHERE table_name > n.name ORDER BY table_name LIMIT 1)
        FROM names AS n WHERE n.name IS NOT NULL
    )
    SELECT n.name, l.id AS "loadId", l.options, l.status, l.started_at AS "startedAt", clock_timestamp() AS now
      FROM names AS n
     CROSS JOIN LATERAL (SELECT * FROM ${loads} WHERE table_name = n.name ORDER BY started_at DESC, id DESC LIMIT 1) AS l`;
}

/** When records last arrived by each stream, in the order of the streams: loads that follow each other closely are one arrival. */
function arrivals(loads: string): string {
  const arrival = (before: string): string => `
    SELECT l.started_at, l.finished_at FROM ${loads} AS l
     WHERE l.table_name = s.name AND l.started_at < ${before} AND l.status <> 'running'
       AND (s.schema IS NULL OR COALESCE(l.options->>'schema', $4) = s.schema)
       AND CASE WHEN s.member IS NULL THEN ${sumOf((name) => `l.${name}`)}
                ELSE ${sumOf((name) => `(l.tables->s.member->>'${name}')::bigint`)} END > 0
     ORDER BY l.started_at DESC LIMIT 1`;
  return `
    WITH RECURSIVE streams AS (
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS s(name, member, schema, n)
    ), found AS (
      SELECT s.n, a.*, 1 AS place FROM streams AS s CROSS JOIN LATERAL (${arrival("'infinity'")}) AS a
      UNION ALL
      SELECT s.n, a.*, f.place + 1
        FROM found AS f JOIN streams AS s ON s.n = f.n
       CROSS JOIN LATERAL (${arrival('f.started_at - $5::interval')}) AS a
       WHERE f.place < $6
    )
    SELECT array_agg(f.finished_at ORDER BY f.place) AS times
      FROM streams AS s LEFT JOIN found AS f ON f.n = s.n GROUP BY s.n ORDER BY s.n`;
}

/** SQL of the records that a load has stored, or whose rows it has deleted. */
function sumOf(counts: (name: string) => string): string {
  return ['inserted', 'updated', 'unchanged', 'deleted'].map((name) => `COALESCE(${counts(name)}, 0)`).join(' + ');
}

function streamsOf({ dataSource, history }: Questions, { name, options }: LastLoad): Stream[] {
  const members = history.tableNames({ table: name, tables: options?.tables });
  if (name === HYBRID || options?.tables !== undefined) {
    return members.map((member) => ({ name, member, schema: null, table: member }));
  }
  const paths = dataSource.entityMetadatas.filter(({ tableName }) => tableName === name);
  const schemas = [...new Set(paths.map(({ schema }) => schema ?? defaultSchema(dataSource)))];
  return schemas.length > 1
    ? schemas.map((schema) => ({ name, member: null, schema, table: statisticsNameOf(dataSource, name, schema) }))
    : [{ name, member: null, schema: null, table: name }];
}

/** When running loads committed their last batches, for each table in which they have stored something. */
function runningArrivals(questions: Questions, { loads }: RunningLoads): (readonly [table: string, at: number])[] {
  return loads.flatMap(({ tables, table, options, lastSignAt, ...counts }) =>
    Object.entries(tables ?? { [statisticsNameOf(questions.dataSource, table, options?.schema)]: counts })
      .filter(([, ofTable]) => loadedOf(ofTable) > 0)
      .map(([name]) => [name, lastSignAt.getTime()] as const),
  );
}

function freshnessOf(table: string, last: LastLoad, times: readonly number[], now: number): TableFreshness {
  const latest = spaced(times.toSorted((a, b) => b - a)).slice(0, ARRIVALS);
  const usualIntervalMs = latest.length < FEWEST_ARRIVALS ? null : medianOf(intervalsOf(latest));
  const staleAfterMs =
    usualIntervalMs === null ? null : Math.max(INTERVALS_OF_SILENCE * usualIntervalMs, SHORTEST_SILENCE_MS);
  const [newest] = latest;
  const silentMs = newest === undefined ? null : Math.max(now - newest, 0);
  return {
    table,
    lastLoad: { loadId: last.loadId, startedAt: last.startedAt, status: last.status },
    lastArrivalAt: newest === undefined ? null : new Date(newest),
    silentMs,
    usualIntervalMs,
    staleAfterMs,
    stale: silentMs !== null && staleAfterMs !== null && silentMs > staleAfterMs,
  };
}

/** Leaves out those that follow another within ten minutes. */
function spaced(latestFirst: readonly number[]): number[] {
  const kept: number[] = [];
  for (const time of latestFirst) {
    const last = kept.at(-1);
    if (last === undefined || last - time > ONE_ARRIVAL_MS) {
      kept.push(time);
    }
  }
  return kept;
}

function intervalsOf(latestFirst: readonly number[]): number[] {
  return latestFirst.slice(1).map((time, index) => (latestFirst[index] as number) - time);
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
