import { CommanderError } from 'commander';

import {
  InvalidLoadError,
  InvalidOptionError,
  LoadInterruptedError,
  LoadStoppedError,
  RejectLimitExceededError,
  SchemaMismatchError,
  StorageError,
} from '../../errors/index.js';
import { describeFault } from '../../postgres/faults/database-fault.js';
import { EXIT } from '../exit-codes.js';
import { type AnyLoadResult, printLoadResult, printRolledBackRejects } from './load-report.js';
import { type GlobalOptions, printJson, printResult } from './output.js';
import { UsageError } from '../usage-error.js';
import { nameFlags } from './name-flags.js';
import { traceOf } from './error-trace.js';

/** Prints an error once on stderr, and with --json as an object on stdout; returns the exit code. */
export function reportError(error: unknown, options: GlobalOptions): number {
  if (error instanceof CommanderError) {
    // commander has already printed its message; help and version are no errors.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  const { code, message } = explain(error);
  printResult(`error: ${message}`, process.stderr);
  if (options.verbose === true) {
    printResult(traceOf(error), process.stderr);
  }
  if (error instanceof UsageError || error instanceof InvalidOptionError) {
    return EXIT.usage;
  }
  const result = error instanceof LoadStoppedError || error instanceof SchemaMismatchError ? error.result : undefined;
  if (options.json === true) {
    const rejects = error instanceof RejectLimitExceededError ? error.rejects : undefined;
    printJson({ error: { code, message, rejects }, ...(result && { result }) });
  } else if (result !== undefined && result.kind !== 'replay') {
    // A replay is one transaction, and the message says all.
    printStoppedLoad(error, result);
  }
  return error instanceof LoadInterruptedError ? EXIT.interrupted : EXIT.failed;
}

function explain(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof InvalidLoadError || error instanceof LoadInterruptedError) {
    return { code: error.code, message: nameFlags(error.message) };
  }
  if (error instanceof UsageError) {
    return { code: 'USAGE', message: error.message };
  }
  return error instanceof StorageError ? error : describeFault(error, 'schema');
}

function printStoppedLoad(error: unknown, result: AnyLoadResult): void {
  printLoadResult(result, process.stderr);
  if (error instanceof RejectLimitExceededError) {
    printRolledBackRejects(error, process.stderr);
  }
}
