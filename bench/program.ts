import { Command, InvalidArgumentError, Option } from 'commander';

import { parseCount } from '../src/cli/flags/parse-count.js';
import { type Case, cases } from './cases/index.js';
import { type Contestant, contestants } from './contestants/index.js';

/** What was asked for. */
export interface BenchFlags {
  readonly case: readonly Case[];
  readonly contestants: readonly Contestant[];
  readonly rows: number;
  readonly rounds: number;
  readonly growth: readonly number[];
  readonly file?: string;
  readonly url?: string;
  readonly json?: string;
}

/** What the goals are about. */
export const GOAL_ROWS = 100_000;
export const GOAL_ROUNDS = 5;

/** All records are held in memory, at 3 to 4 MB a thousand with their later version. */
const MAX_ROWS = 300_000;

const GROWTH = [10_000, 100_000, 1_000_000];

const HELP = `
Cases:
  first     all contestants, into an empty table
  change    all contestants, every row of a loaded table
  same      the same records a second time
  sparse    every other field absent, against TypeORM upsert by shape
  hybrid    100 records into both tables in one call, latency
  growth    more and more rows through the built command line (npm run build): time a row and peak memory;
            a million rows take about 6 GB of disk, half of it for a file in the temporary directory
  overhead  against the same way to write without validation, counting and quarantine

Contestants:
${contestants.map(({ name }) => `  ${name}`).join('\n')}
  drizzle, kysely and knex need   npm ci --prefix bench
  floor needs                     psql on the PATH
  dlt and dlt-csv need            python3 -m venv .bench && . .bench/bin/activate && pip install -r bench/requirements.txt
  Whoever cannot run is named and left out.

Every run makes a database harbor_bench_… of its own on the server and drops it at the end.
Only ratios mean something, and only those of one run with the default rows and rounds on a machine with nothing
else to do; all cases take half an hour or more.
A goal that is missed does not change the exit code; a contestant that loads something wrong does.`;

/** The command line of the bench; errors are thrown, never exited on. */
export function createProgram(run: (flags: BenchFlags) => Promise<void>): Command {
  return new Command('npm run bench --')
    .description('Measures this package against other ways to merge records into Postgres.')
    .addOption(
      new Option('--case <names>', 'cases to run, separated by commas')
        .argParser(parseNames('case', cases))
        .default(cases, 'all'),
    )
    .addOption(
      new Option('--contestants <names>', 'who takes part in first and change, separated by commas')
        .argParser(parseNames('contestant', contestants))
        .default(contestants, 'all'),
    )
    .option('--rows <n>', 'records of first, change, same, sparse and overhead', parseRows, GOAL_ROWS)
    .option('--rounds <n>', 'rounds that count, after one to warm up', parseCount(1), GOAL_ROUNDS)
    .addOption(
      new Option('--growth <list>', 'numbers of rows of growth, ascending')
        .argParser(parseGrowth)
        .default(GROWTH, GROWTH.join()),
    )
    .option('--file <jsonl>', 'real posts for submissions in the place of generated opportunities (not hybrid, growth)')
    .option('--url <url>', 'Postgres server to work on (default: the embedded one)')
    .option('--json <file>', 'write the raw figures to a file')
    .addHelpText('after', HELP)
    .showHelpAfterError('(add --help for what can be given)')
    .allowExcessArguments(false)
    .exitOverride()
    .action(run);
}

function parseNames<T extends { readonly name: string }>(kind: string, all: readonly T[]): (text: string) => T[] {
  return (text) => {
    const wanted = text.split(',').map((name) => name.trim());
    const unknown = wanted.find((name) => !all.some((each) => each.name === name));
    if (unknown !== undefined) {
      throw new InvalidArgumentError(
        `there is no ${kind} ${JSON.stringify(unknown)}; there are ${all.map(({ name }) => name).join(', ')}`,
      );
    }
    return all.filter(({ name }) => wanted.includes(name));
  };
}

function parseRows(text: string): number {
  const rows = parseCount(1)(text);
  if (rows > MAX_ROWS) {
    throw new InvalidArgumentError(
      `expected no more than ${MAX_ROWS}, for all are held in memory; for more there is --case growth`,
    );
  }
  return rows;
}

function parseGrowth(text: string): number[] {
  const sizes = text.split(',').map(parseCount(1));
  if (sizes.some((size, index) => size <= (sizes[index - 1] ?? 0))) {
    throw new InvalidArgumentError('expected ascending numbers separated by commas');
  }
  return sizes;
}
