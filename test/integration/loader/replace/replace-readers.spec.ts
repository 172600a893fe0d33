import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { sized } from '../../../support/sizes/sizes.js';

@Entity('items')
class Item {
  @PrimaryColumn('integer')
  id: number;

  @Column('integer', { nullable: true })
  edition: number | null;
}

/** The old rows stay, updated, in the middle of as many new ones. */
const ROWS = sized(2_000, 100_000);
const BEFORE = { rows: ROWS, first: 1, last: 1 };
const AFTER = { rows: 2 * ROWS, first: 2, last: 2 };
const LOOK = 'SELECT count(*)::integer AS rows, min(edition) AS first, max(edition) AS last FROM items';

type Look = typeof BEFORE;

describe('readers of a table that is replaced', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Item]);
  });
  afterAll(() => app.close());
  beforeEach(() =>
    app.rows(
      `TRUNCATE items; INSERT INTO items SELECT n, 1 FROM generate_series(${ROWS / 2}, ${1.5 * ROWS - 1}) AS n; ANALYZE items`,
    ),
  );

  /** One statement; and two in one transaction, which must agree. */
  const READERS: Record<string, () => Promise<Look[]>> = {
    'single statements': () => app.rows<Look>(LOOK),
    'transactions at REPEATABLE READ': () =>
      app.dataSource.transaction('REPEATABLE READ', async (manager) => {
        const [first] = await manager.query<Look[]>(LOOK);
        const [second] = await manager.query<Look[]>(LOOK);
        expect(second).toEqual(first);
        return [first as Look];
      }),
  };

  it.each(Object.keys(READERS))(
    'see all of the old or all of the new, never anything else: %s',
    async (kind) => {
      const read = READERS[kind] as () => Promise<Look[]>;
      const seen = await read();
      let ended = false;
      let looked = (): void => {};
      const aLook = new Promise<void>((resolve) => (looked = resolve));
      const reading = (async () => {
        // One look more than is needed: the last begins after the load has ended.
        for (let last = false; !last;) {
          last = ended;
          seen.push(...(await read()));
          looked();
        }
      })();
      async function* items() {
        for (let id = 0; id < AFTER.rows; id += 1) {
          // Somebody is to have looked while the new content was on its way.
          if (id === BEFORE.rows) await aLook;
          yield { id, edition: 2 };
        }
      }
      const replacing = app.loader.loadBatch(Item, items(), { disposition: 'replace', batchSize: ROWS / 25 });
      const result = await replacing.finally(() => {
        ended = true;
      });
      await reading;

      expect(result).toMatchObject({ inserted: ROWS, updated: ROWS, removed: 0, ok: true });
      const firstNew = seen.findIndex(({ rows }) => rows === AFTER.rows);
      expect(firstNew).toBeGreaterThan(1);
      expect(new Set(seen.slice(0, firstNew).map((look) => JSON.stringify(look)))).toEqual(
        new Set([JSON.stringify(BEFORE)]),
      );
      expect(new Set(seen.slice(firstNew).map((look) => JSON.stringify(look)))).toEqual(
        new Set([JSON.stringify(AFTER)]),
      );
    },
    120_000,
  );
});
