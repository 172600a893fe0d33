import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { Node, Place } from '../support/entities/ordered.js';
import { startAppWith } from '../support/entities/own-entities.js';
import type { StorageApp } from '../support/app/storage-app.js';
import { traceStatements } from '../support/app/writer-trace.js';
import { sized } from '../support/sizes/sizes.js';

const ROWS = sized(5_000, 50_000);
const BATCH = ROWS / 10;
const ids = Array.from({ length: ROWS }, (_, index) => index + 1);

describe('many rows that depend on rows of earlier batches', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Node, Place]);
  });
  afterAll(() => app.close());
  beforeEach(() => app.rows('TRUNCATE tree, places'));

  it('are all stored, each time: parents before their children', async () => {
    const nodes = ids.map((id) => ({ id, parent: id === 1 ? null : 1 + (id % Math.min(id - 1, 2 * BATCH)) }));
    for (let run = 0; run < 10; run += 1) {
      await app.rows('TRUNCATE tree');
      const result = await app.loader.loadBatch(Node, nodes, { batchSize: BATCH });
      expect(result).toMatchObject({ inserted: ROWS, rejected: 0, ok: true });
    }
  }, 600_000);

  it.each([
    ['by one, in batches of the default size', 1, undefined],
    ['by a batch, in batches', BATCH, BATCH],
  ])(
    'are all stored, each batch by one statement: a unique value that moves %s',
    async (_, by, batchSize) => {
      await app.loader.load(
        Place,
        ids.map((id) => ({ id, u: id })),
      );
      const isolations = traceStatements(app, /^DO /);
      const moved = ids.map((id) => ({ id, u: id + by })).toReversed();
      const result = await app.loader.loadBatch(Place, moved, batchSize === undefined ? {} : { batchSize });
      expect(result).toMatchObject({ updated: ROWS, rejected: 0, ok: true });
      expect(isolations.count).toBe(0);
      expect(await app.rows(`SELECT count(*)::integer AS n FROM places WHERE u = id + ${by}`)).toEqual([{ n: ROWS }]);
    },
    900_000,
  );

  it('are all stored: a unique value that moves against their order within a batch', async () => {
    const records = ids.slice(0, BATCH);
    await app.loader.load(
      Place,
      records.map((id) => ({ id, u: id })),
    );
    const moved = records.map((id) => ({ id, u: id + 1 }));
    expect(await app.loader.load(Place, moved)).toMatchObject({ updated: BATCH, rejected: 0, ok: true });
  }, 300_000);
});
