import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Command } from 'commander';

import { StorageError } from '../../errors/index.js';
import { openSource } from '../../files/open-source.js';
import { readRecords } from '../../files/read-records.js';
import { loadInto } from '../load/load-into.js';
import { printLoadResult, printQuarantineHint } from '../output/load-report.js';
import { type GlobalOptions, printJson, printResult } from '../output/output.js';
import { printStatistics } from '../output/stats-report.js';
import { withStorage } from '../context/storage-context.js';

const SAMPLE = join('sample', 'hybrid-records.jsonl');

/** `demo` */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('Load the sample file of this package into both tables; some of its records are invalid on purpose')
    .action(async (_flags: object, command: Command) => {
      const flags = command.optsWithGlobals<GlobalOptions>();
      const sample = findSample();
      const { result, tables } = await withStorage(flags, async (storage) => {
        const { stream } = await openSource(sample);
        try {
          const records = readRecords(stream, { format: 'jsonl', name: SAMPLE });
          return {
            result: await loadInto(storage, { into: 'hybrid', records, dryRun: false, options: { source: SAMPLE } }),
            tables: await storage.stats.totals(),
          };
        } finally {
          stream.destroy();
        }
      });
      if (flags.json === true) {
        printJson({ result, tables });
        return;
      }
      printResult('This load:');
      printLoadResult(result);
      printQuarantineHint(result, flags);
      printResult('\nAll loads into this database:');
      printStatistics(tables);
    });
}

/** The sample is at the package root; sources and build are at different depths below it. */
function findSample(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, SAMPLE))) {
    const parent = dirname(directory);
    if (parent === directory) {
      throw new StorageError('SAMPLE_MISSING', `The package lacks ${SAMPLE}. Reinstall it.`);
    }
    directory = parent;
  }
  return join(directory, SAMPLE);
}
