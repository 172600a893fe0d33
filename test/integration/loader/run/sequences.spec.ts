import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

import type { LoadOptions } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import { sized } from '../../../support/sizes/sizes.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

@Entity('serials')
class Serial {
  @PrimaryGeneratedColumn()
  id: number;

  @Column('integer', { unique: true })
  n: number;
}

@Entity('identities')
class Identity {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', type: 'bigint' })
  id: string;

  @Column('integer', { unique: true })
  n: number;
}

const KINDS = [
  ['identity', Identity, 'identities'],
  ['serial', Serial, 'serials'],
] as const;

describe.each(KINDS.slice(0, sized(1, 2)))('records that bring values of a sequence, of %s', (_, entity, table) => {
  let app: StorageApp;
  const warn = jest.spyOn(Logger.prototype, 'warn');
  beforeAll(async () => {
    app = await startAppWith([Serial, Identity], { logs: 'off' });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await app.rows(`TRUNCATE ${table} RESTART IDENTITY`);
    warn.mockReset();
  });

  const load = (records: readonly object[], options?: LoadOptions) => app.loader.loadBatch(entity, records, options);
  const next = async () => (await app.rows(`SELECT nextval('${table}_id_seq')::integer AS next`))[0]?.['next'];
  const fix = (last: number) => `SELECT setval('"public"."${table}_id_seq"', ${last})`;

  it.each(['merge', 'append', 'replace'] as const)(
    'leave it behind in a %s, and a warning says so',
    async (disposition) => {
      await load([{ id: 7, n: 7 }, { id: 3, n: 3 }, { n: 1 }], { disposition, primaryKey: 'n', batchSize: 2 });
      expect(warn.mock.calls.flat().join()).toContain(`Run ${fix(7)}`);
      await app.rows(fix(7));
      expect(await next()).toBe(8);
    },
  );

  it.each(['merge', 'append', 'replace'] as const)('set it in a %s where the load is told so', async (disposition) => {
    await load([{ id: 7, n: 7 }, { n: 1 }], { disposition, primaryKey: 'n', syncSequences: true });
    expect(warn.mock.calls.flat().join()).toContain(`It was set by: ${fix(7)}`);
    expect(await load([{ n: 8 }], { primaryKey: 'n' })).toMatchObject({ inserted: 1 });
    expect(await app.rows(`SELECT id::integer FROM ${table} WHERE n = 8`)).toEqual([{ id: 8 }]);
  });

  it('are no matter where the sequence is further, or a record with a higher value is rejected', async () => {
    await load([{ id: 1, n: 0 }], { syncSequences: true });
    await load([{ n: 1 }, { n: 2 }, { n: 3 }], { primaryKey: 'n' });
    warn.mockReset();
    await load(
      [
        { id: 3, n: 2 },
        { id: 900, n: 1 },
      ],
      { disposition: 'append' },
    );
    await load([{ id: 3, n: 2 }]);
    expect(warn).not.toHaveBeenCalled();
  });

  it('are checked inside the transaction that a load joins', async () => {
    await app.dataSource.transaction((manager) =>
      app.loader.load(entity, [{ id: 5, n: 5 }], { syncSequences: true }, manager),
    );
    expect(await next()).toBe(6);
  });
});
