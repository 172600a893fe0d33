import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { QuarantineService, StorageError } from '../../../src/index.js';
import { errorOf } from '../../support/parity/faults.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';

describe('a quarantine on a database that does not answer', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
    await app.rows('ALTER TABLE storage_rejected_records RENAME TO moved_away');
  });
  afterAll(() => app.close());

  const drain = async (pieces: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of pieces) {
      throw new Error('there is nothing to read');
    }
  };
  const CALLS: readonly [string, (quarantine: QuarantineService) => Promise<unknown>][] = [
    ['list', (quarantine) => quarantine.list()],
    ['count', (quarantine) => quarantine.count()],
    ['get', (quarantine) => quarantine.get('00000000-0000-4000-8000-000000000000')],
    ['records', (quarantine) => drain(quarantine.records())],
    ['export', (quarantine) => drain(quarantine.export({}, 'jsonl', () => undefined))],
    ['purge', (quarantine) => quarantine.purge({ replayed: true })],
  ];

  it.each(CALLS)('throws an error of the package with its cause: %s', async (_, call) => {
    const error = await errorOf(call(app.module.get(QuarantineService)));
    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({
      code: 'QUARANTINE_FAILED',
      message: expect.stringContaining('storage_rejected_records'),
      cause: { name: 'PostgresError', code: '42P01' },
    });
  });
});
