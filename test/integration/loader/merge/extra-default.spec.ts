import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { CapturedBefore, ExtraFields, InvalidLoadError } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { emptyTables } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

abstract class Thing {
  @PrimaryColumn('text')
  id: string;

  @CapturedBefore()
  @Column('text', { nullable: true })
  flair: string | null;
}

@Entity('strict_things')
class StrictThing extends Thing {
  @ExtraFields()
  @Column('jsonb', { default: {} })
  extra: object;
}

@Entity('marked_things')
class MarkedThing extends Thing {
  @ExtraFields()
  @Column('jsonb', { nullable: true, default: { origin: 'default' } })
  extra: object | null;
}

@Entity('json_things')
class JsonThing extends Thing {
  @ExtraFields()
  @Column('json', { nullable: true })
  extra: object | null;
}

@Entity('bare_things')
class BareThing extends Thing {
  @ExtraFields()
  @Column('jsonb')
  extra: object;
}

const DEFAULT = { origin: 'default' };

describe('an extra column with a default', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([StrictThing, MarkedThing, JsonThing, BareThing]);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('TRUNCATE strict_things, marked_things');
  });

  const extras = (table: string) =>
    app.rows<{ extra: unknown; n: number }>(
      `SELECT extra, count(*)::integer AS n FROM ${table} GROUP BY 1 ORDER BY 2, extra::text`,
    );

  // One is written by parameters, the other by COPY.
  describe.each([50, 500])('in %d records', (count) => {
    const ids = Array.from({ length: count }, (_, index) => `k${index}`);
    const records = ids.map((id, index) => (index === 7 ? { id, mood: 1 } : { id }));

    it.each(['merge', 'append', 'replace'] as const)('is it for a record without more: %s', async (disposition) => {
      for (const [entity, table, byDefault] of [
        [StrictThing, 'strict_things', {}],
        [MarkedThing, 'marked_things', DEFAULT],
      ] as const) {
        const result = await app.loader.load(entity, records, { disposition });
        expect(result).toMatchObject({ inserted: count, rejected: 0 });
        expect(await extras(table)).toEqual([
          { extra: { mood: 1 }, n: 1 },
          { extra: byDefault, n: count - 1 },
        ]);
      }
    });

    it.each(['merge', 'replace'] as const)(
      'takes the fields of a later record of a new key: %s',
      async (disposition) => {
        const later = ids.slice(0, 2).map((id) => ({ id, mood: 1 }));
        const result = await app.loader.load(MarkedThing, [...records, ...later], { disposition });
        expect(result).toMatchObject({ received: count + 2, inserted: count, rejected: 0 });
        expect(await extras('marked_things')).toEqual([
          { extra: { mood: 1 }, n: 1 },
          { extra: { ...DEFAULT, mood: 1 }, n: 2 },
          { extra: DEFAULT, n: count - 3 },
        ]);
      },
    );

    it('is not merged into stored rows', async () => {
      await app.rows('INSERT INTO marked_things (id, extra) SELECT unnest($1::text[]), NULL', [ids]);
      expect(await app.loader.load(MarkedThing, records)).toMatchObject({ updated: 1, unchanged: count - 1 });
      expect(await extras('marked_things')).toEqual([
        { extra: { mood: 1 }, n: 1 },
        { extra: null, n: count - 1 },
      ]);
    });

    it('stays not null when all it held moves to a column', async () => {
      await app.rows(`INSERT INTO strict_things (id, extra) SELECT unnest($1::text[]), '{"flair": "old"}'`, [ids]);
      const result = await app.loader.load(
        StrictThing,
        ids.map((id) => ({ id, flair: 'new' })),
      );
      expect(result).toMatchObject({ updated: count, rejected: 0 });
      expect(await extras('strict_things')).toEqual([{ extra: {}, n: count }]);
    });
  });

  it.each([
    [JsonThing, 'JsonThing.extra: the column is of type json'],
    [BareThing, 'BareThing.extra: the column is NOT NULL without a default'],
  ])('is asked for by name where the column cannot take what is captured: %p', async (entity, message) => {
    const load = app.loader.load(entity, [{ id: 'a' }]);
    await expect(load).rejects.toThrow(InvalidLoadError);
    await expect(load).rejects.toThrow(message);
  });
});
