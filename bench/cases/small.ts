import type { Bench, CaseReport } from '../bench.js';
import { BenchError, faultOf } from '../bench-error.js';
import { DELAY_MS, overProxy, type Proxy } from '../network/proxy.js';
import { showFigure, showSpread, type Spread, spreadOf } from '../report/figures.js';
import { atLeast, atMost } from '../report/goals.js';
import { type BenchTable, readTable } from '../report/table.js';
import {
  aCall,
  latency,
  latencyRatio,
  medians,
  play,
  type Played,
  rate,
  type Setting,
  timeRatio,
} from '../small/play.js';
import { type Kind, kindsOf, openBuffer, openHarbor, openTypeOrm, type Store } from '../small/stores.js';
import { roundTrips } from '../small/round-trip.js';
import { withConnection } from '../tables/connection.js';
import { countRows, fillTable } from '../tables/table-state.js';

const CALLERS = 50;
/** With fewer rows than these, there are fewer calls in proportion. */
const FULL_ROWS = 20_000;
const MIN_CALLS = 5;

/** Calls a round. */
const SETTINGS: readonly Setting[] = [
  { records: 1, callers: 1, calls: 20 },
  { records: 10, callers: 1, calls: 20 },
  { records: 100, callers: 1, calls: 10 },
  { records: 1, callers: CALLERS, calls: 1_000 },
  { records: 10, callers: CALLERS, calls: 200 },
  { records: 100, callers: CALLERS, calls: 50 },
];
/** Single records of as many callers as a buffer is for. */
const BUFFERED: Setting = { records: 1, callers: 200, calls: 4_000 };
/** A delayed call takes longer, and its time varies less. */
const DELAYED_SHARE = 1 / 2;

/** What was played of one kind in one setting; ours first. */
interface Line extends Setting {
  readonly kind: string;
  readonly played: readonly [Played, Played];
}

interface Playing {
  readonly lines: Line[];
  readonly faults: string[];
}

/** Stores of a few records, this package and TypeORM in turn. */
export async function runSmall(bench: Bench): Promise<CaseReport> {
  const { lines, faults } = await playAll(bench, undefined);
  await playBuffer(bench, { lines, faults });
  const find = finder(lines);
  const buffered = find('buffer', 1, scaled(BUFFERED, bench.rows, false).callers);
  const one = find('one table', 1, 1);
  const hundred = find('hybrid', 100, 1);
  return {
    title: `stores of a few new records, by 1 caller and by up to ${CALLERS} at once`,
    ...tableOf(lines, false),
    notes: NOTES,
    faults,
    goals: [
      atMost('1 record: p50 ≤ 1.0 × TypeORM upsert', one && latencyRatio(...one.played), 1),
      atMost('100 hybrid records: p50 ≤ 0.5 × two TypeORM upserts', hundred && latencyRatio(...hundred.played), 0.5),
      atLeast(
        `1 record by ${BUFFERED.callers} callers: rate of a buffer ≥ 8 × a store each`,
        buffered && timeRatio(...(buffered.played.toReversed() as [Played, Played])),
        8,
      ),
    ],
    figures: lines,
  };
}

/** The same over a slow network. */
export async function runSmallDelayed(bench: Bench): Promise<CaseReport> {
  return overProxy(bench.url, async (proxy) => {
    const { lines, faults } = await playAll(bench, proxy);
    const trips = await roundTrips(proxy.url, bench.rounds);
    const one = finder(lines)('one table', 1, 1)?.played[0];
    const trip = spreadOf(trips);
    const ratio = one && spreadOf(medians(one).map((median) => median / trip.median));
    return {
      title: `the same over a network of ${DELAY_MS} ms each way`,
      ...tableOf(lines, true),
      notes: [...NOTES, `One round trip over this network (SELECT 1): ${showSpread(trip)} ms.`],
      faults,
      goals: [
        atMost('1 record: p50 ≤ 2.2 × one network round trip', ratio, 2.2),
        atMost('1 record: waits for the server ≤ 2', one && aCall(one, ({ waits }) => waits), 2),
      ],
      figures: { lines, trips },
    };
  });
}

const NOTES = [
  'harbor: LoaderService.load (by a buffer: RecordBuffer.add) and HybridStoreService.store. TypeORM: one upsert; hybrid: two in one transaction.',
];

async function readTables(url: string): Promise<[opportunities: BenchTable, submissions: BenchTable]> {
  return withConnection(url, async (client) => [
    await readTable(client, 'app_opportunities'),
    await readTable(client, 'submissions'),
  ]);
}

async function playAll(bench: Bench, proxy: Proxy | undefined): Promise<Playing> {
  const playing: Playing = { lines: [], faults: [] };
  for (const kind of kindsOf(...(await readTables(bench.url)))) {
    const opened = await Promise.all([openHarbor, openTypeOrm].map((open) => open(proxy?.url ?? bench.url, kind)));
    try {
      for (const full of SETTINGS) {
        const setting = scaled(full, bench.rows, proxy !== undefined);
        bench.onProgress(`${kind.name}, ${setting.records} a call, ${setting.callers} callers`);
        await playSetting(bench, kind, setting, opened, proxy, playing);
      }
    } finally {
      await Promise.allSettled(opened.map((store) => store.close()));
    }
  }
  return playing;
}

async function playBuffer(bench: Bench, playing: Playing): Promise<void> {
  const [kind] = kindsOf(...(await readTables(bench.url)));
  const buffered = { ...(kind as Kind), name: 'buffer' };
  const setting = scaled(BUFFERED, bench.rows, false);
  const opened = await openBuffer(bench.url, buffered);
  try {
    bench.onProgress(`a buffer, ${setting.callers} callers`);
    await playSetting(bench, buffered, setting, opened, undefined, playing);
  } finally {
    await Promise.allSettled(opened.map((store) => store.close()));
  }
}

async function playSetting(
  bench: Bench,
  kind: Kind,
  setting: Setting,
  stores: readonly Store[],
  proxy: Proxy | undefined,
  { lines, faults }: Playing,
): Promise<void> {
  let calls = 0;
  const from = (): number => calls++ * setting.records;
  const traffic = proxy?.traffic ?? (() => ({ sent: 0, received: 0, waits: 0 }));
  try {
    await emptyTables(bench.url, kind.tables);
    const played = await play(kind, setting, stores, from, { ...bench, traffic });
    await checkCounts(bench.url, kind.tables, calls * setting.records);
    lines.push({ ...setting, kind: kind.name, played: played as [Played, Played] });
  } catch (error) {
    bench.signal.throwIfAborted();
    faults.push(`${kind.name}, ${setting.records} a call, ${setting.callers} callers: ${faultOf(error)}`);
  }
}

function scaled(setting: Setting, rows: number, isDelayed: boolean): Setting {
  const share = Math.min(1, rows / FULL_ROWS) * (isDelayed ? DELAYED_SHARE : 1);
  const calls = Math.max(MIN_CALLS, Math.round(setting.calls * share));
  return { ...setting, calls, callers: Math.min(setting.callers, calls) };
}

async function emptyTables(url: string, tables: readonly BenchTable[]): Promise<void> {
  await withConnection(url, async (client) => {
    for (const table of tables) {
      await fillTable(client, table, []);
    }
  });
}

/** Nothing is lost. */
async function checkCounts(url: string, tables: readonly BenchTable[], expected: number): Promise<void> {
  await withConnection(url, async (client) => {
    for (const table of tables) {
      const found = await countRows(client, table);
      if (found !== expected) {
        throw new BenchError(`the calls left ${found} rows of ${expected} in ${table.name}`);
      }
    }
  });
}

function finder(lines: readonly Line[]) {
  return (kind: string, records: number, callers: number): Line | undefined =>
    lines.find((line) => line.kind === kind && line.records === records && line.callers === callers);
}

function tableOf(lines: readonly Line[], isWatched: boolean): Pick<CaseReport, 'head' | 'rows'> {
  return {
    head: [
      '',
      'records a call',
      'callers',
      'calls',
      'p50',
      'p95',
      'calls/s',
      ...(isWatched ? ['waits a call', 'bytes sent a call'] : []),
      'harbor ÷ it: p50',
      'time of all calls',
    ],
    rows: lines.flatMap(({ kind, records, callers, played }) =>
      played.map((each, index) => [
        `${kind}: ${each.name}`,
        records,
        callers,
        each.rounds.reduce((sum, { latencies }) => sum + latencies.length, 0),
        `${showFigure(latency(each, 0.5))} ms`,
        `${showFigure(latency(each, 0.95))} ms`,
        Math.round(rate(each)),
        ...(isWatched ? [mean(each, 'waits'), mean(each, 'sent')] : []),
        ...(index === 0 ? ['', ''] : [latencyRatio, timeRatio].map((ratio) => showSpread(ratio(played[0], each)))),
      ]),
    ),
  };
}

function mean(played: Played, figure: 'waits' | 'sent'): string {
  const { median }: Spread = aCall(played, (traffic) => traffic[figure]);
  return showFigure(median);
}
