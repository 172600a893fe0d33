import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { CapturedBefore, ExtraFields } from '../../../../src/index.js';
import { startStorageAppBeside, type StorageApp } from '../../../support/app/storage-app.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { THROUGH_PGBOUNCER } from '../../../support/database/open-connections.js';

/** Both ways to end a literal of SQL early: a quote, and a backslash where strings are not the standard's. */
const NAME = String.raw`it's \'odd\ `;

@Entity('odd_things')
class OddThing {
  @PrimaryColumn('text')
  id: string;

  @CapturedBefore()
  @Column('text', { name: NAME, nullable: true })
  odd: string | null;

  @ExtraFields()
  @Column('jsonb', { nullable: true })
  extra: object | null;
}

// PgBouncer gives its servers the setting of its clients, which is on.
describe.each(THROUGH_PGBOUNCER ? ['on'] : ['on', 'off'])(
  'a column with a quote and a backslash in its name, standard_conforming_strings %s',
  (mode) => {
    let app: StorageApp;
    let beside: StorageApp;
    beforeAll(async () => {
      app = await startAppWith([OddThing]);
      await app.rows(`
      DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET standard_conforming_strings = ${mode}', current_database()); END $$`);
      beside = await startStorageAppBeside(app, {});
    });
    afterAll(async () => {
      await beside.close();
      await app.close();
    });

    it('takes the place of what was captured under its name', async () => {
      await app.rows(`INSERT INTO odd_things (id, extra) VALUES ('a', $1)`, [{ [NAME]: 'captured', other: 1 }]);
      expect(await beside.rows('SHOW standard_conforming_strings')).toEqual([{ standard_conforming_strings: mode }]);
      expect(await beside.loader.load(OddThing, [{ id: 'a', [NAME]: 'brought' }])).toMatchObject({
        ok: true,
        updated: 1,
      });
      expect(await app.rows('SELECT * FROM odd_things')).toEqual([{ id: 'a', [NAME]: 'brought', extra: { other: 1 } }]);
    });
  },
);
