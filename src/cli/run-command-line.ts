import type { GlobalOptions } from './output/output.js';
import { createProgram } from './program.js';
import { reportError } from './output/report-error.js';

/** Runs one command, reports errors, and sets `process.exitCode`. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  const program = await createProgram(args);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = reportError(error, program.opts<GlobalOptions>());
  }
}
