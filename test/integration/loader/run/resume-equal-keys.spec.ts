import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { LoadFailedError } from '../../../../src/index.js';
import { errorOf, withLocks } from '../../../support/parity/faults.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

@Entity('hosts')
class Host {
  /** To Postgres 10.0.0.1 and 10.0.0.1/32 are one key; only Postgres knows it. */
  @PrimaryColumn('inet')
  key: string;

  @Column('text')
  note: string;
}

let app: StorageApp;
beforeAll(async () => {
  app = await startAppWith([Host], { loader: { lockTimeoutMs: 200, maxAttempts: 1 } });
});
afterAll(() => app.close());

it('where only Postgres can tell which batches share a key, a batch that failed is followed by none of its load', async () => {
  const records = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.1/32'].map((key) => ({ key, note: `as ${key}` }));
  const options = { loadKey: 'k', batchSize: 1 };
  const error = await withLocks(app, `INSERT INTO hosts VALUES ('10.0.0.1', 'in the way')`, () =>
    errorOf(app.loader.loadBatch(Host, records, options)),
  );
  expect(error).toBeInstanceOf(LoadFailedError);
  expect(error).toMatchObject({ cause: { code: '55P03' }, result: { inserted: 0, failed: expect.any(Number) } });
  expect(await app.loader.loadBatch(Host, records, options)).toMatchObject({ received: 4, inserted: 3, failed: 0 });
  expect(await app.rows(`SELECT note FROM hosts WHERE key = '10.0.0.1'`)).toEqual([{ note: 'as 10.0.0.1/32' }]);
});
