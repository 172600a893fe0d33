import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';

import type { BatchLoadResult } from '../../src/index.js';
import { emptyTables } from '../support/app/quarantine.js';
import { giveToOwnerOf, mountSmallDisk, type SmallDisk } from '../support/database/small-disk.js';
import { startStoppableServer, type StoppableServer } from '../support/database/stoppable-server.js';
import { startStorageAppAt, type StorageApp } from '../support/app/storage-app.js';
import { describeUnless } from '../support/needs/needs.js';

const MEGABYTES = 12;
const mounted = await mountSmallDisk(MEGABYTES);
const reason = typeof mounted === 'string' ? mounted : undefined;
if (reason !== undefined) process.stderr.write(`skipped: a full disk: ${reason}\n`);

/** Distinct text of a length, which Postgres cannot compress away. */
const noise = (seed: number, length: number): string => {
  let text = '';
  for (let n = seed + 1; text.length < length; n = (n * 48_271) % 2_147_483_647) text += n.toString(36);
  return text.slice(0, length);
};
const recordsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ submission_id: `t3_${index}`, title: noise(index, 1_500) }));
const TOO_MANY = recordsOf(12_000);

describeUnless(reason)('a full disk', () => {
  const disk = mounted as SmallDisk;
  let server: StoppableServer;
  let app: StorageApp;
  beforeAll(async () => {
    server = await startStoppableServer();
    app = await startStorageAppAt(server.url, { migrations: 'run', loader: { parallelism: 1 } });
    const [data] = await app.rows<{ data_directory: string }>('SHOW data_directory');
    await giveToOwnerOf(data?.data_directory ?? '', disk.path);
    await app.rows(`CREATE TABLESPACE small LOCATION '${disk.path}'`);
  });
  afterAll(async () => {
    await app.close();
    await server.close();
    await disk.remove();
  });
  beforeEach(async () => {
    await app.rows('ALTER TABLE submissions SET TABLESPACE pg_default');
    await emptyTables(app);
    // Gives back the space that deleted rows still take; the files are gone with the checkpoint.
    await app.rows('TRUNCATE submissions');
    await app.rows('CHECKPOINT');
    await disk.resize(MEGABYTES);
    await app.rows('ALTER TABLE submissions SET TABLESPACE small');
  });

  it.each(['merge', 'append'] as const)(
    'stops a load (%s) at once, says why, and keeps what was in',
    async (disposition) => {
      const failure: unknown = await app.profiles
        .storeBatch(TOO_MANY, { disposition, batchSize: 1_000 })
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: 'LOAD_FAILED',
        message: expect.stringContaining('disk full [53100]'),
        result: { ok: false, rejected: 0, retries: 0, failedBatches: 1, failed: 1_000 },
      });
      const { result } = failure as { readonly result: BatchLoadResult };
      expect(result.inserted).toBeGreaterThan(0);
      expect(await app.count('submissions')).toBe(result.inserted);
      expect(await app.count('storage_rejected_records')).toBe(0);
      expect(await app.rows('SELECT status, error_code, inserted::integer FROM storage_loads')).toEqual([
        { status: 'failed', error_code: '53100', inserted: result.inserted },
      ]);
    },
  );

  it('leaves a server that works on, and the next load fits once there is room', async () => {
    await expect(app.profiles.store(TOO_MANY)).rejects.toMatchObject({ code: 'LOAD_FAILED', result: { inserted: 0 } });
    expect(await app.count('submissions')).toBe(0);
    await disk.resize(10 * MEGABYTES);
    expect(await app.profiles.store(TOO_MANY)).toMatchObject({ ok: true, inserted: TOO_MANY.length });
  });

  it('leaves the table as it was before a replace', async () => {
    await app.profiles.store(TOO_MANY.slice(0, 500));
    const replace = app.profiles.storeBatch(TOO_MANY, { disposition: 'replace', batchSize: 1_000 });
    await expect(replace).rejects.toMatchObject({ code: 'LOAD_FAILED', result: { inserted: 0, retries: 0 } });
    expect(await app.count('submissions')).toBe(500);
  });
});
