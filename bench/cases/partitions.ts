import { performance } from 'node:perf_hooks';

import type { ClientBase } from 'pg';

import { LoaderService } from '../../src/index.js';
import type { Bench, CaseReport } from '../bench.js';
import { BenchError } from '../bench-error.js';
import { openStorage } from '../contestants/shared/open-storage.js';
import { type ServerCpu, watchServerCpu } from '../process/server-cpu.js';
import { showSpread, type Spread, spreadOf } from '../report/figures.js';
import { atMost } from '../report/goals.js';
import { type BenchTable, readTable } from '../report/table.js';
import { withConnection } from '../tables/connection.js';
import { type BenchRecord, generateOpportunities } from '../tables/data.js';
import { collectGarbage } from '../tables/match.js';
import { asTable, createVariants, dropVariants, timeIn, type Variant } from '../tables/partitions.js';
import { checkpoint } from '../tables/table-state.js';

const PARTITIONS = 100;
/** Records in memory at once. */
const CHUNK_ROWS = 50_000;
/** V8 compiles what a load runs for its first 15,000 records or so. */
const WARM_UP_ROWS = 5_000;
const LIMITS = { first: 1.3, again: 1.5 } as const;
type Phase = keyof typeof LIMITS;

/** What loads took. */
interface Spent {
  milliseconds: number;
  /** Of the loader and the server; of the loader only where that of the server is not known. */
  cpuMilliseconds: number;
}

/** By round. */
interface Side extends Record<Phase, Spent[]> {
  readonly variant: Variant;
}

/** A plain table beside the same with partitions: the records come in the order of time, as in most tables by time. */
export async function runPartitions(bench: Bench): Promise<CaseReport> {
  const { url, rows, rounds } = bench;
  const sides = await withConnection(url, async (client) => {
    const table = await readTable(client, 'app_opportunities');
    const variants = await createVariants(client, table, PARTITIONS);
    const app = await openStorage(url);
    try {
      const sidesOf = (): Side[] => variants.map((variant) => ({ variant, first: [], again: [] }));
      const match = new PartitionMatch(bench, client, table, app.get(LoaderService), await watchServerCpu(client));
      await match.play(sidesOf(), Math.min(rows, WARM_UP_ROWS), 'warm-up');
      const measured = sidesOf();
      for (let round = 1; round <= rounds; round += 1) {
        await match.play(measured, rows, `round ${round} of ${rounds}`);
      }
      return measured;
    } finally {
      await app.close();
      await dropVariants(client, table, variants);
    }
  });
  return report(sides, rows);
}

class PartitionMatch {
  constructor(
    private readonly bench: Bench,
    private readonly client: ClientBase,
    private readonly table: BenchTable,
    private readonly loader: LoaderService,
    private readonly serverCpu: ServerCpu | undefined,
  ) {}

  /** Adds a round. */
  async play(sides: readonly Side[], rows: number, title: string): Promise<void> {
    for (const { variant } of sides) {
      await this.client.query(`TRUNCATE ${variant.name}`);
    }
    for (const phase of ['first', 'again'] as const) {
      const spent = sides.map((): Spent => ({ milliseconds: 0, cpuMilliseconds: 0 }));
      for (let from = 0, turn = 0; from < rows; from += CHUNK_ROWS, turn += 1) {
        this.bench.onProgress(`${title}, ${phase}: row ${from.toLocaleString('en-US')}`);
        const records = this.recordsOf(from, rows);
        // They take turns load by load, each time begun by another.
        for (let place = 0; place < sides.length; place += 1) {
          const at = (place + turn) % sides.length;
          await this.load((sides[at] as Side).variant, phase, records, spent[at] as Spent);
        }
      }
      sides.forEach((side, at) => side[phase].push(spent[at] as Spent));
      await this.client.query(`VACUUM (ANALYZE) ${sides.map(({ variant }) => variant.name).join(', ')}`);
    }
  }

  private recordsOf(from: number, rows: number): BenchRecord[] {
    const names = this.table.columns.map(({ name }) => name);
    return Array.from(generateOpportunities(Math.min(CHUNK_ROWS, rows - from), names, from), (record, index) => ({
      ...record,
      analyzed_at: timeIn(Math.floor(((from + index) * PARTITIONS) / rows)),
    }));
  }

  private async load(variant: Variant, phase: Phase, records: readonly BenchRecord[], spent: Spent): Promise<void> {
    await checkpoint(this.client);
    await asTable(this.client, this.table, variant, async () => {
      collectGarbage();
      const cpu = await this.cpuMilliseconds();
      const start = performance.now();
      const result = await this.loader.loadBatch(this.table.name, records, { primaryKey: variant.primaryKey });
      spent.milliseconds += performance.now() - start;
      spent.cpuMilliseconds += (await this.cpuMilliseconds()) - cpu;
      const done = phase === 'first' ? result.inserted : result.unchanged;
      if (done !== records.length) {
        const reason = result.rejects[0]?.message ?? result.failures[0]?.message ?? 'records are missing';
        throw new BenchError(`${variant.label}: ${done} of ${records.length} records in the ${phase} load: ${reason}`);
      }
    });
  }

  private async cpuMilliseconds(): Promise<number> {
    const { user, system } = process.cpuUsage();
    return (user + system + ((await this.serverCpu?.()) ?? 0)) / 1000;
  }
}

function report(sides: readonly Side[], rows: number): CaseReport {
  const [plain, ...partitioned] = sides as [Side, ...Side[]];
  const ratioOf = (side: Side, phase: Phase, figure: keyof Spent = 'milliseconds'): Spread =>
    spreadOf(side[phase].map((spent, round) => spent[figure] / (plain[phase][round]?.[figure] ?? NaN)));
  const timeOf = (side: Side, phase: Phase): string =>
    showSpread(spreadOf(side[phase].map(({ milliseconds }) => (milliseconds * 1000) / rows)));
  return {
    title: `${rows.toLocaleString('en-US')} rows in ${PARTITIONS} partitions, beside a plain table`,
    head: ['table', 'load', 'µs a row', '÷ plain', 'CPU ÷ plain'],
    rows: (['first', 'again'] as const).flatMap((phase) =>
      sides.map((side) => [
        side.variant.label,
        phase,
        timeOf(side, phase),
        showSpread(ratioOf(side, phase)),
        showSpread(ratioOf(side, phase, 'cpuMilliseconds')),
      ]),
    ),
    notes: [
      `loadBatch with default options, ${CHUNK_ROWS.toLocaleString('en-US')} records a load; the tables take turns load by load. ` +
        'CPU: of the loader and the server. Records come in the order of time. The key of the table by time is that of the others and the time.',
    ],
    faults: [],
    goals: partitioned.flatMap((side) =>
      (['first', 'again'] as const).map((phase) =>
        atMost(
          `${side.variant.label}, ${phase === 'first' ? 'first load' : 'the same again'}: time ≤ ${LIMITS[phase]} × plain table`,
          ratioOf(side, phase),
          LIMITS[phase],
        ),
      ),
    ),
    figures: sides,
  };
}
