import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { loadByCommandLine } from '../process/command-line.js';
import { pythonLines } from '../tables/python-json.js';
import { BenchError } from '../bench-error.js';
import { alwaysAvailable, type Contestant } from './contestant.js';

/** The built command line on a file from Python, as a user runs it. */
export const harborCli: Contestant = {
  name: 'harbor-storage load',
  how: () => "a file of Python's json.dumps, default options; its whole process",
  unavailable: alwaysAvailable,
  async enter({ url, table, directory, signal }) {
    const file = join(directory, 'from-python.jsonl');
    return {
      async prepare(records) {
        await pipeline(Readable.from(pythonLines(table, records)), createWriteStream(file));
        return async () => {
          const start = performance.now();
          const { inserted } = await loadByCommandLine({ file, table: table.name, url, directory, signal });
          if (inserted !== records.length) {
            throw new BenchError(`the command line inserted ${inserted} of ${records.length} records`);
          }
          return performance.now() - start;
        };
      },
      close: async () => {},
    };
  },
};
