import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { LoadFailedError } from '../../../../src/index.js';
import { errorOf, withLocks } from '../../../support/parity/faults.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

@Entity('amounts')
class Amount {
  /** To Postgres 1 and 1.0 are one key; their texts do not show it. */
  @PrimaryColumn('numeric')
  key: string;

  @Column('text')
  note: string;
}

let app: StorageApp;
beforeAll(async () => {
  app = await startAppWith([Amount], { loader: { lockTimeoutMs: 200, maxAttempts: 1 } });
});
afterAll(() => app.close());

it('where nobody can tell which batches share a key, a batch that failed is followed by none of its load', async () => {
  const records = ['1', '2', '3', '1.0'].map((key) => ({ key, note: `as ${key}` }));
  const options = { loadKey: 'k', batchSize: 1 };
  const error = await withLocks(app, `INSERT INTO amounts VALUES (1, 'in the way')`, () =>
    errorOf(app.loader.loadBatch(Amount, records, options)),
  );
  expect(error).toBeInstanceOf(LoadFailedError);
  expect(error).toMatchObject({ cause: { code: '55P03' }, result: { inserted: 0, failed: expect.any(Number) } });
  expect(await app.loader.loadBatch(Amount, records, options)).toMatchObject({ received: 4, inserted: 3, failed: 0 });
  expect(await app.rows('SELECT note FROM amounts WHERE key = 1')).toEqual([{ note: 'as 1.0' }]);
});
