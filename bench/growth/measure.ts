import type { ClientBase } from 'pg';

import type { Bench } from '../bench.js';
import { BenchError } from '../bench-error.js';
import type { ServerCpu } from '../process/server-cpu.js';
import { checkpoint } from '../tables/table-state.js';
import { walPosition } from '../tables/table-writes.js';
import type { GrowthTable, TableSize } from './growth-table.js';
import { keysOf, type Loaders, type RowRange } from './loaders.js';

/**
 * New rows; the same again; other payloads for as many stored rows, evenly spread over the table. In this order.
 */
export const LOAD_KINDS = ['new', 'again', 'changed'] as const;
export type LoadKind = (typeof LOAD_KINDS)[number];

/** What is measured at one point of a dimension. */
export interface PointOrder {
  /** Value of the dimension. */
  readonly value: number | string;
  /** Of each loader. */
  readonly rows: number;
  readonly loaders: number;
  /** Undefined for the default. */
  readonly batchSize?: number;
}

/** One load, by row where nothing else is said. */
export interface Sample {
  readonly microseconds: number;
  /** Of all loaders, in microseconds. */
  readonly loaderCpu: number;
  /** Of the server, in microseconds; undefined where it is not known. */
  readonly serverCpu: number | undefined;
  readonly walBytes: number;
  /** The largest of the loader processes so far in this dimension, in megabytes, not by row. */
  readonly peakMegabytes: number;
}

/** A measured point. */
export interface Point extends PointOrder {
  readonly table: Pick<GrowthTable, 'shape' | 'stored' | 'indexes'>;
  readonly size: TableSize;
  /** By round. */
  readonly samples: Readonly<Record<LoadKind, readonly Sample[]>>;
}

/** The server, and how the measurements are made. */
export interface Meter extends Pick<Bench, 'rounds' | 'onProgress'> {
  readonly loaders: Loaders;
  readonly client: ClientBase;
  readonly serverCpu: ServerCpu | undefined;
}

/** Measures the three loads, several times; the table has the same rows afterwards. */
export async function measurePoint(meter: Meter, table: GrowthTable, order: PointOrder): Promise<Point> {
  const { loaders, rounds, onProgress } = meter;
  const { stored, indexes, shape } = table;
  const count = order.rows * order.loaders;
  const fresh: RowRange = { from: stored + 1, count, step: 1 };
  const samples: Record<LoadKind, Sample[]> = { new: [], again: [], changed: [] };
  const size = await table.size();
  await loaders.prepare(table, order.loaders, order.rows);
  const measure = async (kind: LoadKind, range: RowRange, revision: number): Promise<void> => {
    samples[kind].push(await measureLoad(meter, { kind, range, revision, batchSize: order.batchSize }));
  };
  for (let round = 1; round <= rounds; round += 1) {
    onProgress(`${order.value}, new and again, round ${round} of ${rounds}`);
    await measure('new', fresh, 0);
    await measure('again', fresh, 0);
    await table.removeNew(keysOf(table, fresh));
  }
  for (let round = 1; round <= rounds; round += 1) {
    onProgress(`${order.value}, changed, round ${round} of ${rounds}`);
    await measure('changed', spreadRange(stored, count, (round - 1) / rounds), table.nextRevision());
    await table.vacuum();
  }
  await table.rewrite();
  return { ...order, table: { shape, stored, indexes }, size, samples };
}

/** @param shift - the part of a step by which it begins later */
function spreadRange(stored: number, most: number, shift: number): RowRange {
  const count = Math.min(stored, most);
  const step = stored / count;
  return { from: 1 + step * shift, count, step };
}

interface LoadOrder {
  readonly kind: LoadKind;
  readonly range: RowRange;
  readonly revision: number;
  readonly batchSize: number | undefined;
}

async function measureLoad(meter: Meter, order: LoadOrder): Promise<Sample> {
  const { client, loaders, serverCpu } = meter;
  const { kind, range, revision, batchSize } = order;
  await checkpoint(client);
  const walBefore = await walPosition(client);
  const cpuBefore = await serverCpu?.();
  const figures = await loaders.load(range, revision, { batchSize });
  const cpuAfter = await serverCpu?.();
  const { rows } = await client.query<{ bytes: number }>(
    'SELECT (pg_current_wal_insert_lsn() - $1::pg_lsn)::float AS bytes',
    [walBefore],
  );
  const done = sumOf(figures.map((each) => each[COUNTED[kind]]));
  if (done !== range.count) {
    const fault = figures.find((each) => each.fault !== undefined)?.fault ?? 'records are missing';
    throw new BenchError(`of ${range.count} records, ${done} were ${COUNTED[kind]}: ${fault}`);
  }
  return {
    microseconds: (Math.max(...figures.map(({ milliseconds }) => milliseconds)) * 1_000) / range.count,
    loaderCpu: sumOf(figures.map(({ cpuMicroseconds }) => cpuMicroseconds)) / range.count,
    serverCpu: cpuBefore === undefined || cpuAfter === undefined ? undefined : (cpuAfter - cpuBefore) / range.count,
    walBytes: (rows[0]?.bytes ?? NaN) / range.count,
    peakMegabytes: Math.max(...figures.map(({ peakKilobytes }) => peakKilobytes)) / 1024,
  };
}

const COUNTED = { new: 'inserted', again: 'unchanged', changed: 'updated' } as const;

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
