// Compares this package with other ways to merge records into Postgres. `npm run bench -- --help`
import 'reflect-metadata';

import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';

import { EXIT } from '../src/cli/exit-codes.js';
import { withInterrupts } from '../src/cli/interrupts.js';
import { printResult } from '../src/cli/output/output.js';
import { reportError } from '../src/cli/output/report-error.js';
import { UsageError } from '../src/cli/usage-error.js';
import { errorText } from '../src/errors/error-text.js';
import type { Bench } from './bench.js';
import { BenchError } from './bench-error.js';
import { checkIsBuilt } from './process/command-line.js';
import { withConnection } from './tables/connection.js';
import type { Contestant } from './contestants/index.js';
import { type BenchRecord, generateOpportunities, readPosts } from './tables/data.js';
import { describeMachine } from './report/machine.js';
import { type BenchFlags, createProgram, GOAL_ROUNDS, GOAL_ROWS } from './program.js';
import { type NamedReport, printCase, printGoals, printMachine } from './report/report.js';
import { BenchInterruptedError, type Scratch, withScratch } from './tables/scratch.js';
import { type BenchTable, carriedBy, readTable } from './report/table.js';

async function run(flags: BenchFlags): Promise<void> {
  const { url, case: chosen } = flags;
  if (url !== undefined && !(/^postgres(?:ql)?:\/\//.test(url) && URL.canParse(url))) {
    // Not by commander, which would print the URL with its password.
    throw new UsageError('--url must begin with postgres:// or postgresql://');
  }
  if (chosen.some(({ name }) => name === 'growth')) {
    await checkIsBuilt();
  }
  // Loads must not handle interrupts here.
  await withInterrupts({ quiet: true }, async ({ signal, begin }) => {
    begin();
    await withScratch(url, signal, (scratch) => runCases(flags, { ...scratch, signal }));
  });
}

async function runCases(flags: BenchFlags, scratch: Scratch & Pick<Bench, 'signal'>): Promise<void> {
  const loads = [loadavg()[0] ?? 0];
  const machine = await describeMachine(scratch.url, process.argv.slice(2));
  const { table, records } = await readData(flags, scratch.url);
  const contestants = flags.case.some(({ takesAll }) => takesAll) ? await findAvailable(flags.contestants) : [];
  const reports: NamedReport[] = [];
  for (const { name, run: runCase } of flags.case) {
    const onProgress = (text: string): void => showProgress(`${name}: ${text}`);
    const { rounds, growth } = flags;
    const report = await runCase({ ...scratch, table, records, contestants, rounds, growth, onProgress });
    showProgress('');
    reports.push({ name, ...report });
    printCase({ name, ...report });
    if (flags.json !== undefined) {
      // After each case: a run of half an hour may be interrupted.
      await writeFile(flags.json, `${JSON.stringify({ machine, cases: reports.map(rawOf) }, undefined, 2)}\n`);
    }
  }
  printGoals(reports);
  if (flags.rows < GOAL_ROWS || flags.rounds < GOAL_ROUNDS) {
    printResult(
      `No verdict: the goals are about ${GOAL_ROWS.toLocaleString('en-US')} rows and ${GOAL_ROUNDS} rounds at least.`,
    );
  }
  printMachine(machine, [...loads, loadavg()[0] ?? 0]);
}

/** The records of the run, and their table. */
async function readData(
  flags: BenchFlags,
  url: string,
): Promise<{ readonly table: BenchTable; readonly records: readonly BenchRecord[] }> {
  const { file, rows } = flags;
  const tableName = file === undefined ? 'app_opportunities' : 'submissions';
  const table = await withConnection(url, (client) => readTable(client, tableName));
  if (!flags.case.some(({ takesRecords }) => takesRecords)) {
    return { table, records: [] };
  }
  if (file === undefined) {
    const names = table.columns.map(({ name }) => name);
    return { table, records: [...generateOpportunities(rows, names)] };
  }
  const records = await readPosts(file, rows).catch((error: unknown) => {
    throw new UsageError(`Could not read ${file} as JSON lines of posts: ${errorText(error, 'message') ?? ''}`);
  });
  const [first] = records;
  if (first === undefined) {
    throw new UsageError(`No posts in ${file}`);
  }
  return { table: carriedBy(table, first), records };
}

async function findAvailable(wanted: readonly Contestant[]): Promise<Contestant[]> {
  const available: Contestant[] = [];
  for (const contestant of wanted) {
    const reason = await contestant.unavailable();
    if (reason === undefined) {
      available.push(contestant);
    } else {
      console.log(`${contestant.name} skipped: ${reason}`);
    }
  }
  return available;
}

function rawOf({ name, title, goals, figures }: NamedReport): object {
  return { case: name, title, goals, figures };
}

/** One line that is overwritten; none without a terminal. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\u{1b}[K${text}`);
  }
}

let exitCode: number = EXIT.ok;
try {
  await createProgram(run).parseAsync();
} catch (error) {
  if (error instanceof BenchError) {
    printResult(`error: ${error.message}`, process.stderr);
    exitCode = error instanceof BenchInterruptedError ? EXIT.interrupted : EXIT.failed;
  } else {
    exitCode = reportError(error, {});
  }
}
// An interrupted case may leave connections open that would keep this process alive. A run without figures has failed.
process.stdout.write('', (error) => process.exit(error ? EXIT.failed : exitCode));
