#!/usr/bin/env node
import 'reflect-metadata';

import type { GlobalOptions } from './output.js';
import { createProgram } from './program.js';
import { reportError } from './report-error.js';

const program = createProgram();
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportError(error, program.opts<GlobalOptions>());
}
