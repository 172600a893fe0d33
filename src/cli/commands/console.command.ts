import { once } from 'node:events';

import type { LoggerService } from '@nestjs/common';
import type { Command } from 'commander';
import type { DataSource } from 'typeorm';

import { withStorage } from '../context/storage-context.js';
import { parseCount } from '../flags/parse-count.js';
import { type GlobalOptions, printJson, printMessage, printResult, printWarning } from '../output/output.js';

interface ConsoleFlags {
  readonly port: number;
  readonly readOnly?: boolean;
}

const MOST_PORT = 65_535;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** `console` */
export function addConsoleCommand(program: Command): void {
  program
    .command('console')
    .description('Serve the console on 127.0.0.1, for the browser that first opens the URL it prints')
    .option('--port <n>', 'Port; 0 for any free one', parseCount(0, MOST_PORT), 4000)
    .option('--read-only', 'Do not replay or purge rejected records')
    .addHelpText(
      'after',
      '\nCtrl-C ends it with exit code 0. Needs @nestjs/platform-express or @nestjs/platform-fastify.',
    )
    .action(async (_flags: object, command: Command) => {
      const flags = command.optsWithGlobals<ConsoleFlags & GlobalOptions>();
      const done = new AbortController();
      // The handlers of this command: a second interrupt ends the process at once, as everywhere.
      const interrupted = Promise.race(SIGNALS.map((name) => once(process, name, { signal: done.signal })));
      interrupted.catch(() => {});
      try {
        await withStorage(flags, ({ dataSource }) => serveUntil(interrupted, dataSource, flags));
      } finally {
        done.abort();
      }
    });
}

async function serveUntil(
  interrupted: Promise<unknown>,
  dataSource: DataSource,
  flags: ConsoleFlags & GlobalOptions,
): Promise<void> {
  // No other command loads Nest, which takes half a second.
  const { serveConsole } = await import('../console/serve-console.js');
  const { port, readOnly = false } = flags;
  const served = await serveConsole(dataSource, { port, readOnly, logger: loggerOf(flags) });
  try {
    announce(flags, served.url);
    await interrupted;
  } finally {
    await served.close();
  }
}

function announce(flags: GlobalOptions, url: string): void {
  if (flags.json === true) {
    printJson({ url });
  } else {
    printResult(url);
  }
  printMessage(flags, 'Open this URL in a browser: it works once, for one browser. Press Ctrl-C to end.');
}

/** Results go to stdout, so who did what goes to stderr. */
function loggerOf(flags: GlobalOptions): LoggerService {
  return {
    log: (message) => printMessage(flags, String(message)),
    warn: (message) => printWarning(flags, String(message)),
    error: (message) => printResult(`error: ${String(message)}`, process.stderr),
  };
}
