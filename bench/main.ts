// Compares this package with other ways to merge records into Postgres. `npm run bench -- --help`
import 'reflect-metadata';

import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';

import { EXIT } from '../src/cli/exit-codes.js';
import { withInterrupts } from '../src/cli/interrupts.js';
import { printResult } from '../src/cli/output/output.js';
import { reportError } from '../src/cli/output/report-error.js';
import { UsageError } from '../src/cli/usage-error.js';
import { errorText } from '../src/errors/error-text.js';
import type { Bench, CaseReport } from './bench.js';
import { BenchError, faultOf } from './bench-error.js';
import type { Case } from './cases/index.js';
import { checkIsBuilt } from './process/command-line.js';
import { withConnection } from './tables/connection.js';
import { type Contestant, contestants } from './contestants/index.js';
import { type BenchRecord, generateOpportunities, readPosts } from './tables/data.js';
import { describeMachine } from './report/machine.js';
import { type BenchFlags, createProgram, GOAL_ROUNDS, GOAL_ROWS, MAX_ROWS_IN_MEMORY } from './program.js';
import { type NamedReport, printCase, printGoals, printMachine } from './report/report.js';
import { BenchInterruptedError, type Scratch, withScratch } from './tables/scratch.js';
import { type BenchTable, carriedBy, readTable } from './report/table.js';

async function run(flags: BenchFlags): Promise<void> {
  const { url, cases: chosen } = flags;
  if (url !== undefined && !(/^postgres(?:ql)?:\/\//.test(url) && URL.canParse(url))) {
    // Not by commander, which would print the URL with its password.
    throw new UsageError('--url must begin with postgres:// or postgresql://');
  }
  if ((flags.rows ?? 0) > MAX_ROWS_IN_MEMORY && chosen.some(({ takesRecords }) => takesRecords)) {
    throw new UsageError(
      `--rows must be at most ${MAX_ROWS_IN_MEMORY}, because all records are in memory; for more use --case length, partitions or growth`,
    );
  }
  if (chosen.some(({ needsBuild }) => needsBuild)) {
    await checkIsBuilt();
  }
  // Loads must not handle interrupts here.
  await withInterrupts({ quiet: true }, async ({ signal, begin }) => {
    begin();
    await withScratch(url, signal, (scratch) => runCases(flags, { ...scratch, signal }));
  });
}

async function runCases(flags: BenchFlags, scratch: Scratch & Pick<Bench, 'signal'>): Promise<void> {
  const { json, lengths } = flags;
  const loads = [loadavg()[0] ?? 0];
  const machine = await describeMachine(scratch.url, process.argv.slice(2));
  const data = await readData(flags, scratch.url);
  const isMatch = flags.cases.some((each) => each.contestants !== 'none');
  const available = isMatch ? await findAvailable(flags.contestants ?? contestants) : [];
  const reports: NamedReport[] = [];
  for (const each of flags.cases) {
    const { name } = each;
    const onProgress = (text: string): void => showProgress(`${name}: ${text}`);
    const takingPart = flags.contestants ? available : availableFor(each, available);
    const start = performance.now();
    const report = await runCase(each, {
      ...scratch,
      ...data,
      contestants: takingPart,
      rows: flags.rows ?? each.own?.rows ?? GOAL_ROWS,
      rounds: flags.rounds ?? each.own?.rounds ?? GOAL_ROUNDS,
      lengths,
      onProgress,
    });
    showProgress('');
    const named = { name, seconds: Math.round((performance.now() - start) / 1000), ...report };
    reports.push(named);
    printCase(named);
    if (json !== undefined) {
      // After each case: a run of half an hour may be interrupted.
      await writeFile(json, `${JSON.stringify({ machine, cases: reports.map(rawOf) }, undefined, 2)}\n`);
    }
  }
  printGoals(reports);
  const { rows = GOAL_ROWS, rounds = GOAL_ROUNDS } = flags;
  if (reports.some(({ goals }) => goals.length > 0) && (rows < GOAL_ROWS || rounds < GOAL_ROUNDS)) {
    printResult(
      `The goals are about ${GOAL_ROWS.toLocaleString('en-US')} rows and at least ${GOAL_ROUNDS} rounds; ` +
        `this run had ${rows.toLocaleString('en-US')} and ${rounds}.`,
    );
  }
  printMachine(machine, [...loads, loadavg()[0] ?? 0]);
  const faults = reports.flatMap((report) => report.faults.map((fault) => `${report.name}: ${fault}`));
  if (faults.length > 0) {
    throw new BenchError(`not everything could be measured\n${faults.join('\n')}`);
  }
}

/** A case that cannot run at all does not stop the others. */
async function runCase({ run: runThis }: Case, bench: Bench): Promise<CaseReport> {
  try {
    return await runThis(bench);
  } catch (error) {
    bench.signal.throwIfAborted();
    return { title: 'failed', head: [], rows: [], notes: [], faults: [faultOf(error)], goals: [], figures: undefined };
  }
}

function availableFor({ contestants: kind }: Case, available: readonly Contestant[]): readonly Contestant[] {
  return kind === 'all' ? available : available.filter(({ isSlow }) => isSlow !== true);
}

/** The records of the run, and their table. */
async function readData(
  flags: BenchFlags,
  url: string,
): Promise<{ readonly table: BenchTable; readonly records: readonly BenchRecord[] }> {
  const { file, rows = GOAL_ROWS } = flags;
  const tableName = file === undefined ? 'app_opportunities' : 'submissions';
  const table = await withConnection(url, (client) => readTable(client, tableName));
  if (!flags.cases.some(({ takesRecords }) => takesRecords)) {
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

function rawOf({ name, title, seconds, goals, faults, figures }: NamedReport): object {
  return { case: name, title, seconds, goals, faults, figures };
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
