import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { Node, Place } from '../../../support/entities/ordered.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { traceStatements } from '../../../support/app/writer-trace.js';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('a load whose rows depend on rows of earlier batches', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Node, Place]);
  });
  afterAll(() => app.close());
  beforeEach(() => app.rows('TRUNCATE tree, places'));

  it('rejects no child of a parent that came before it', async () => {
    const nodes = numbers(3_000).map((id) => ({ id, parent: id === 1 ? null : Math.floor(id / 2) }));
    const result = await app.loader.loadBatch(Node, nodes, { batchSize: 250 });
    expect(result).toMatchObject({ inserted: 3_000, rejected: 0, ok: true });
  });

  it('rejects no child of a parent whose batch takes longer', async () => {
    await app.rows(`
      CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END';
      CREATE TRIGGER slow BEFORE INSERT ON tree FOR EACH ROW WHEN (NEW.id = 1) EXECUTE FUNCTION slow()`);
    const nodes = numbers(30).map((id) => ({ id, parent: id === 1 ? null : 1 }));
    const result = await app.loader.loadBatch(Node, nodes, { batchSize: 10 });
    await app.rows('DROP FUNCTION slow CASCADE');
    expect(result).toMatchObject({ inserted: 30, rejected: 0, ok: true });
  });

  it.each([
    ['in the order in which each row takes a free value', 200, 1, -1],
    ['in the opposite order', 200, 1, 1],
    ['by far, in batches that depend on the one before', 400, 100, -1],
  ])('rejects no row when a unique value moves %s', async (_, count, by, direction) => {
    await app.loader.load(
      Place,
      numbers(count).map((id) => ({ id, u: id })),
    );
    const isolations = traceStatements(app, /^DO /);
    const moved = numbers(count).map((id) => ({ id, u: id + by }));
    const records = direction < 0 ? moved.toReversed() : moved;
    const result = await app.loader.loadBatch(Place, records, { batchSize: direction < 0 ? 50 : count });
    expect(result).toMatchObject({ updated: count, rejected: 0, ok: true });
    expect(isolations.count).toBe(direction < 0 ? 0 : 1);
    expect(await app.rows(`SELECT count(*)::integer AS n FROM places WHERE u = id + ${by}`)).toEqual([{ n: count }]);
  });

  it('gives a value that stays taken to the row that has it, and the one that two records want to the first', async () => {
    await app.loader.load(Place, [
      { id: 1, u: 1 },
      { id: 2, u: 2 },
    ]);
    const records = [
      { id: 3, u: 1 },
      { id: 2, u: 5 },
      { id: 4, u: 5 },
      { id: 5, u: 2 },
    ];
    const result = await app.loader.loadBatch(Place, records);
    expect(result).toMatchObject({ inserted: 1, updated: 1, rejected: 2 });
    expect(result.rejects.map(({ position, reason }) => [position, reason])).toEqual([
      [0, '23505'],
      [2, '23505'],
    ]);
  });
});
