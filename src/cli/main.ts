#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

import { endWhenInterrupted } from './interrupts.js';

// As long as the machine has memory, V8 lets garbage grow to a multiple of what is in use before it collects it: a load
// of 100,000 records used some 80 MB of heap and peaked at 300 to 400 MB. At most doubled, it takes the same time.
setFlagsFromString('--heap-growing-percent=100');

const args = process.argv.slice(2);
endWhenInterrupted({ json: args.includes('--json') });
// Loading the rest takes a second, in which the command may be interrupted already.
await import('reflect-metadata');
const { runCommandLine } = await import('./run-command-line.js');
await runCommandLine(args);
