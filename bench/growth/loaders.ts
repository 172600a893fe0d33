import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { BenchError } from '../bench-error.js';
import { GROWTH_TABLE, type GrowthTable, SCATTER, WARM_UP_TABLE } from './growth-table.js';

const LOADER = join(import.meta.dirname, 'loader-process.js');
const WARM_UP_ROWS = 5_000;
/** V8 compiles what a load runs for its first 15,000 records or so. */
const WARM_UP_REVISIONS = [0, 0, 1, 2];

/** Consecutive or evenly spread rows of the table, by number. */
export interface RowRange {
  readonly from: number;
  readonly count: number;
  /** From one row to the next; a fraction is rounded down. */
  readonly step: number;
}

/** What a loader says of a load. */
export interface LoaderFigures {
  readonly milliseconds: number;
  readonly cpuMicroseconds: number;
  /** The largest so far of its process. */
  readonly peakKilobytes: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly fault?: string;
}

/** Where loaders load. */
interface Place {
  readonly url: string;
  readonly signal: AbortSignal;
}

class LoaderProcess {
  private readonly child: ChildProcess;
  private readonly ended: Promise<never>;

  constructor(signal: AbortSignal) {
    // Without the compiler that this process was started with.
    this.child = fork(LOADER, { execArgv: ['--expose-gc'], serialization: 'advanced', signal });
    // An interrupted bench ends it.
    this.child.on('error', () => {});
    this.ended = once(this.child, 'exit').then(() => {
      throw new BenchError('A loader process ended before it had finished.');
    });
    this.ended.catch(() => {});
  }

  async ask(order: object): Promise<unknown> {
    const answer = once(this.child, 'message') as Promise<[{ readonly done?: unknown; readonly fault?: string }]>;
    this.child.send(order);
    const [{ done, fault }] = await Promise.race([answer, this.ended]);
    if (fault !== undefined) {
      throw new BenchError(`A loader failed: ${fault}`);
    }
    return done;
  }

  async close(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended.catch(() => {});
  }
}

/** Processes that load at the same time, each another part of the rows. */
export class Loaders {
  private readonly processes: LoaderProcess[] = [];
  private table: GrowthTable;
  /** How many of them load. */
  private count = 0;

  constructor(private readonly place: Place) {}

  /**
   * Connects to a table, and loads into another one of the same columns until the processes are warm.
   * @param most - rows of a loader; the first loads have no more
   */
  async prepare(table: GrowthTable, count: number, most: number): Promise<void> {
    this.count = count;
    if (table === this.table && count <= this.processes.length) {
      return;
    }
    this.table = table;
    while (this.processes.length < count) {
      this.processes.push(new LoaderProcess(this.place.signal));
    }
    const tables = [GROWTH_TABLE, WARM_UP_TABLE];
    const open = { url: this.place.url, tables, keyType: table.shape.key.type, numbers: table.numberNames };
    await Promise.all(this.loading.map(async (each) => each.ask({ open })));
    for (const revision of WARM_UP_REVISIONS) {
      await this.load({ from: 1, count: Math.min(WARM_UP_ROWS, most) * count, step: 1 }, revision, {
        table: WARM_UP_TABLE,
      });
    }
  }

  /** @param revision - another one has other payloads */
  async load(
    rows: RowRange,
    revision: number,
    options: { readonly table?: string; readonly batchSize?: number } = {},
  ): Promise<LoaderFigures[]> {
    const { table = GROWTH_TABLE, batchSize } = options;
    const { payloadBytes, numberNames: numbers } = this.table;
    const share = Math.ceil(rows.count / this.count);
    const orders = this.loading.map((_, index) => {
      const first = index * share;
      const part = { ...rows, from: rows.from + first * rows.step, count: Math.min(share, rows.count - first) };
      const keys = keysOf(this.table, part);
      return { table, batchSize, keys, ...part, numbers, scatter: SCATTER, payloadBytes, revision };
    });
    return Promise.all(
      this.loading.map(async (each, index) => (await each.ask({ load: orders[index] })) as LoaderFigures),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map(async (each) => each.close()));
  }

  private get loading(): readonly LoaderProcess[] {
    return this.processes.slice(0, this.count);
  }
}

export function keysOf(table: GrowthTable, { from, count, step }: RowRange): string[] {
  return Array.from({ length: count }, (_, index) => table.shape.key.of(Math.floor(from + index * step)));
}
