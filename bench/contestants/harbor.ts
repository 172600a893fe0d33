import { LoaderService } from '../../src/index.js';
import { alwaysAvailable, type Contestant, timed } from './contestant.js';
import { openStorage } from './shared/open-storage.js';
import { BenchError } from '../bench-error.js';

/** This package by its public API, with validation and counts. */
export const harbor: Contestant = {
  name: 'harbor',
  how: () => 'loadBatch, default options',
  unavailable: alwaysAvailable,
  async enter({ url, table }) {
    const app = await openStorage(url);
    const loader = app.get(LoaderService);
    return {
      prepare: async (records) =>
        timed(async () => {
          const { inserted, updated, unchanged, rejects, failures } = await loader.loadBatch(table.name, records);
          if (inserted + updated + unchanged !== records.length) {
            const reason = rejects[0]?.message ?? failures[0]?.message ?? 'records are missing';
            throw new BenchError(`harbor did not load every record: ${reason}`);
          }
        }),
      close: () => app.close(),
    };
  },
};
