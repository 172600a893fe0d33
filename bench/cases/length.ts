import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { Bench, CaseReport } from '../bench.js';
import { type CommandLineLoad, loadByCommandLine } from '../process/command-line.js';
import { withConnection } from '../tables/connection.js';
import { generateOpportunities } from '../tables/data.js';
import { showFigure, showSpread, spreadOf } from '../report/figures.js';
import { atMost, below, type Goal } from '../report/goals.js';
import { type BenchTable, readTable } from '../report/table.js';
import { fillTable } from '../tables/table-state.js';
import { BenchError } from '../bench-error.js';

/** Each size is loaded at most until this many rows are reached, whatever the number of rounds. */
const MAX_ROWS_A_SIZE = 500_000;
const MAX_PEAK_MB = 250;

interface Size {
  readonly rows: number;
  readonly file: string;
  readonly first: CommandLineLoad[];
  readonly again: CommandLineLoad[];
}

/** Runs the built command line in its own process, on files of growing size. */
export async function runLength(bench: Bench): Promise<CaseReport> {
  const table = await withConnection(bench.url, (client) => readTable(client, 'app_opportunities'));
  const sizes: Size[] = [];
  try {
    for (const rows of bench.lengths) {
      const file = join(bench.directory, `length-${rows}.jsonl`);
      sizes.push({ rows, file, first: [], again: [] });
      bench.onProgress(`writing a file of ${rows.toLocaleString('en-US')} rows`);
      await writeRecords(file, rows, table, bench.signal);
    }
    for (let round = 1; round <= bench.rounds; round += 1) {
      for (const size of sizes.filter(({ rows }) => round <= Math.max(1, MAX_ROWS_A_SIZE / rows))) {
        bench.onProgress(`round ${round} of ${bench.rounds}: ${size.rows.toLocaleString('en-US')} rows`);
        await loadTwice(bench, table, size);
      }
    }
  } finally {
    await Promise.all(sizes.map(({ file }) => rm(file, { force: true })));
  }
  return report(sizes);
}

async function writeRecords(file: string, rows: number, { columns }: BenchTable, signal: AbortSignal): Promise<void> {
  const names = columns.map(({ name }) => name);
  const lines = function* (): Generator<string> {
    for (const record of generateOpportunities(rows, names)) {
      yield `${JSON.stringify(record)}\n`;
    }
  };
  await pipeline(Readable.from(lines()), createWriteStream(file), { signal });
}

async function loadTwice({ url, signal, directory }: Bench, table: BenchTable, size: Size): Promise<void> {
  await withConnection(url, (client) => fillTable(client, table, []));
  const order = { file: size.file, table: table.name, url, directory, signal };
  const first = await loadByCommandLine(order);
  const again = await loadByCommandLine(order);
  if (first.inserted !== size.rows || again.unchanged !== size.rows) {
    throw new BenchError(
      `of ${size.rows} rows the first load inserted ${first.inserted} and the second found ${again.unchanged} unchanged`,
    );
  }
  size.first.push(first);
  size.again.push(again);
}

function report(sizes: readonly Size[]): CaseReport {
  const times = (size: Size, loads: readonly CommandLineLoad[]) =>
    spreadOf(loads.map(({ durationMs }) => (durationMs * 1000) / size.rows));
  return {
    title: 'a growing file of JSON lines through the command line',
    head: ['rows', 'loads', 'rows/s', 'µs a row', 'peak RSS', 'again: µs a row', 'again: peak RSS'],
    rows: sizes.map((size) => {
      const time = times(size, size.first);
      const again = times(size, size.again);
      return [
        size.rows,
        size.first.length,
        Math.round(1_000_000 / time.median),
        showSpread(time),
        `${showFigure(peakOf(size.first))} MB`,
        showSpread(again),
        `${showFigure(peakOf(size.again))} MB`,
      ];
    }),
    notes: [
      'Each load is a process of its own that runs dist/src/cli/main.js as built; its time is the durationMs it reports, ' +
        'without the start of Node, and its peak what process.resourceUsage().maxRSS says at its end.',
    ],
    faults: [],
    goals: goalsOf(sizes, times),
    figures: sizes.map(({ rows, first, again }) => ({ rows, first, again })),
  };
}

/** Peak memory of all loads, in megabytes. */
function peakOf(loads: readonly CommandLineLoad[]): number {
  return Math.max(...loads.map(({ peakKilobytes }) => peakKilobytes)) / 1024;
}

function goalsOf(
  sizes: readonly Size[],
  times: (size: Size, loads: readonly CommandLineLoad[]) => ReturnType<typeof spreadOf>,
): Goal[] {
  const [before, largest] = sizes.slice(-2);
  if (before === undefined || largest === undefined) {
    return [];
  }
  const [at, than] = [largest, before].map(({ rows }) => rows.toLocaleString('en-US'));
  const usual = times(before, before.first).median;
  const time = spreadOf(largest.first.map(({ durationMs }) => (durationMs * 1000) / largest.rows / usual));
  const peaks = [...largest.first, ...largest.again];
  const memory = spreadOf([peakOf(peaks) / peakOf([...before.first, ...before.again])]);
  return [
    atMost(`time a row at ${at} rows ≤ 1.15 × at ${than}`, time, 1.15),
    atMost(`peak RSS at ${at} rows ≤ 1.1 × at ${than}`, memory, 1.1),
    below(`peak RSS at ${at} rows under ${MAX_PEAK_MB} MB`, peakOf(peaks), MAX_PEAK_MB),
  ];
}
