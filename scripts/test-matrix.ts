// Runs the integration and e2e tests on every supported version of Postgres. `npm run test:matrix -- --help`
import 'reflect-metadata';

import { CommanderError } from 'commander';

import { EXIT } from '../src/cli/exit-codes.js';
import { UsageError } from '../src/cli/usage-error.js';
import { errorMessage } from '../src/errors/error-text.js';
import { createProgram, type MatrixFlags } from './matrix/program.js';
import { isGreen, type Outcome, printReport } from './matrix/report.js';
import { runTarget } from './matrix/run-target.js';

const interrupted = new AbortController();
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
SIGNALS.forEach((name) => process.on(name, () => interrupted.abort()));

async function run({ targets, ...options }: MatrixFlags): Promise<void> {
  const outcomes: Outcome[] = [];
  for (const target of targets) {
    outcomes.push(await runTarget(target, options, interrupted.signal));
  }
  printReport(outcomes);
  process.exitCode = outcomes.every(isGreen) ? EXIT.ok : EXIT.failed;
}

function exitCodeOf(error: unknown): number {
  // Commander has printed it.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  process.stderr.write(`error: ${interrupted.signal.aborted ? 'Interrupted' : errorMessage(error)}\n`);
  if (interrupted.signal.aborted) return EXIT.interrupted;
  return error instanceof UsageError ? EXIT.usage : EXIT.failed;
}

try {
  await createProgram(run).parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
