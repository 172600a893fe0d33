import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';

import { StorageModule, type StorageRootOptions } from '../../../src/index.js';
import { withDatabase } from '../../support/database/databases.js';
import { initStorageApp, type StorageApp } from '../../support/app/storage-app.js';

async function withApp(options: StorageRootOptions, work: (app: StorageApp) => Promise<void>): Promise<void> {
  const app = await initStorageApp(
    await Test.createTestingModule({ imports: [StorageModule.forRoot(options)] }).compile(),
  );
  try {
    await work(app);
  } finally {
    await app.close();
  }
}

describe('the connections of the module', () => {
  it('end the wait for a server that does not answer, some seconds after statement_timeout', () =>
    withDatabase((url) =>
      // A query without statement_timeout simulates a lost server: neither answers.
      withApp({ url, loader: { statementTimeoutMs: 100 } }, async (app) => {
        await expect(app.rows('SELECT pg_sleep(60)')).rejects.toThrow('Query read timeout');
      }),
    ));
});
