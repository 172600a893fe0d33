import { Command, InvalidArgumentError, Option } from 'commander';

import { parseCount } from '../src/cli/flags/parse-count.js';
import { type Case, cases } from './cases/index.js';
import { type Contestant, contestants } from './contestants/index.js';

/** Options of a run. */
export interface BenchFlags {
  readonly cases: readonly Case[];
  /** Undefined for those of each case by default. */
  readonly contestants?: readonly Contestant[];
  /** Undefined for that of each case by default. */
  readonly rows?: number;
  /** Undefined for that of each case by default. */
  readonly rounds?: number;
  readonly lengths: readonly number[];
  readonly file?: string;
  readonly url?: string;
  readonly json?: string;
}

/** Rows and rounds for which the goals are defined. */
export const GOAL_ROWS = 100_000;
export const GOAL_ROUNDS = 5;

/** All records are in memory: 3 to 4 MB per thousand, with their later version. */
export const MAX_ROWS_IN_MEMORY = 300_000;

const LENGTHS = [10_000, 100_000, 1_000_000];

const HELP = `
Cases:
  first          all contestants, into an empty table
  change         every row of a loaded table changed
  same           the same records a second time: time, WAL and pages written
  fifth          one row in five changed in one column
  sparse         every other field absent, against TypeORM upsert by shape
  small          stores of 1, 10 and 100 records, one table and hybrid, 1 caller and 50 at once: latency, against TypeORM;
                 and a buffer of 200 callers, against a store each
  small-delayed  the same over a network that delays 5 ms each way: latency, waits for the server, bytes sent
  length         growing files through the built command line (npm run build): time per row and peak memory;
                 a million rows need about 6 GB of disk, half of it for a file in the temporary directory
  refresh        fifth over the delayed network, at most 20,000 rows: bytes sent
  file           a file from Python through the built command line, whole process
  overhead       against a COPY and merge by hand, without validation, counting and quarantine
  partitions     only by name: a table of --rows in 100 partitions beside a plain one, about 8 minutes
                 a round and 8 GB of disk
  growth         only by name: time, CPU, memory, WAL and size by the rows stored before (up to --rows),
                 width, indexes, batch size, loaders and partitions, and a model; about 15 minutes and 15 GB of disk

Contestants:
${contestants.map(({ name, isSlow }) => `  ${name}${isSlow === true ? '   slow: by default in first only' : ''}`).join('\n')}
  drizzle, kysely, knex and mikro-orm need  npm ci --prefix bench
  floor needs                               psql on the PATH
  dlt, dlt-csv and sling need               python3 -m venv .bench && . .bench/bin/activate && pip install -r bench/requirements.txt
  Contestants that cannot run are named and skipped. Slow ones load fewer rows; the tables say how many.
  One that fails or loads wrong data is left out of its case; the run continues and ends with exit code 1.

Every run creates a database harbor_bench_… on the server and drops it at the end.
The delayed network reaches a server of --url under another name, so not with sslmode=verify-full.
Compare only ratios, and only within one run with the default rows and rounds on an idle machine.
All goals need about 20 minutes with --rows 20000, and about an hour with the default rows.
A missed goal does not change the exit code.`;

/** The command line parser of the bench; it throws errors instead of exiting. */
export function createProgram(run: (flags: BenchFlags) => Promise<void>): Command {
  return new Command('npm run bench --')
    .description('Compare this package with other ways to merge records into Postgres')
    .addOption(
      new Option('--case, --cases <names>', 'Cases to run, separated by commas')
        .argParser(parseNames('case', cases))
        .default(
          cases.filter(({ onlyByName }) => onlyByName !== true),
          'all but partitions and growth',
        ),
    )
    .addOption(
      new Option('--contestants <names>', 'Contestants, separated by commas (default: all)').argParser(
        parseNames('contestant', contestants),
      ),
    )
    .option(
      '--rows <n>',
      `Number of records (default: ${GOAL_ROWS}; growth: 5000000; partitions: 1000000; small: fewer calls with fewer than 20,000; not length)`,
      parseCount(1),
    )
    .option('--rounds <n>', `Measured rounds, after one warm-up (default: ${GOAL_ROUNDS}; growth: 3)`, parseCount(1))
    .addOption(
      new Option('--lengths <list>', 'Numbers of rows of length, ascending')
        .argParser(parseLengths)
        .default(LENGTHS, LENGTHS.join()),
    )
    .option(
      '--file <jsonl>',
      'Real posts for submissions instead of generated opportunities (not small, length, partitions, growth)',
    )
    .option('--url <url>', 'Postgres server (default: the embedded one)')
    .option('--json <file>', 'Write the raw figures to a file')
    .addHelpText('after', HELP)
    .showHelpAfterError('Run with --help for usage')
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
        `unknown ${kind} ${JSON.stringify(unknown)}; choose from ${all.map(({ name }) => name).join(', ')}`,
      );
    }
    return all.filter(({ name }) => wanted.includes(name));
  };
}

function parseLengths(text: string): number[] {
  const sizes = text.split(',').map(parseCount(1));
  if (sizes.some((size, index) => size <= (sizes[index - 1] ?? 0))) {
    throw new InvalidArgumentError('expected ascending numbers separated by commas');
  }
  return sizes;
}
