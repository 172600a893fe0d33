#!/usr/bin/env node
import * as nodeModule from 'node:module';
import { setFlagsFromString } from 'node:v8';

import { endWhenInterrupted } from './interrupts.js';

// V8 lets garbage grow to a multiple of the live heap before it collects: a load of 100,000 records used about 80 MB
// of heap and peaked at 300 to 400 MB. Limited to double the live heap, it takes the same time.
setFlagsFromString('--heap-growing-percent=100');

// The reader of a pipe, for example `head`, may close it before the end. The command continues, and its exit code counts.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      throw error;
    }
  });
}

const args = process.argv.slice(2);
endWhenInterrupted({ json: args.includes('--json') });
// Node 20 has no navigator. Without it, pg loads all of fetch to find out that it does not run at Cloudflare.
(globalThis as { navigator?: unknown }).navigator ??= { userAgent: `Node.js/${process.versions.node.split('.')[0]}` };
// Node 22.1 and later keep the compiled modules.
(nodeModule as { enableCompileCache?: () => unknown }).enableCompileCache?.();
// The imports below take half a second, during which an interrupt may arrive.
await import('reflect-metadata');
const { runCommandLine } = await import('./run-command-line.js');
await runCommandLine(args);
