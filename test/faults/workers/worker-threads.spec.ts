import { fileURLToPath } from 'node:url';
import { Readable } from 'node:stream';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type FileRecords, readRecords } from '../../../src/files/read-records.js';
import { StorageModule } from '../../../src/index.js';
import { checkedLedger } from '../../support/app/ledger.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageApp, startStorageAppBeside, type StorageApp } from '../../support/app/storage-app.js';
import { WorkedEntity } from '../../support/entities/worker.entity.js';

const WORKED = fileURLToPath(new URL('../../support/entities/worker.entity.ts', import.meta.url));
const OTHER = fileURLToPath(new URL('../../support/entities/ordered.ts', import.meta.url));

const fileOf = (names: readonly string[]): FileRecords => {
  const lines = names.map((name, id) => JSON.stringify({ id, name }));
  return readRecords(Readable.from([Buffer.from(lines.join('\n'))]), { format: 'jsonl' });
};

describe('worker threads', () => {
  const apps: StorageApp[] = [];
  let app: StorageApp;
  const startBeside = async (loader: object): Promise<StorageApp> => {
    const other = await startStorageAppBeside(app, { loader: { workers: 2, ...loader } }, [
      StorageModule.forFeature([WorkedEntity]),
    ]);
    apps.push(other);
    return other;
  };
  beforeAll(async () => {
    app = await startStorageApp({ loader: { workers: 2, workerEntities: WORKED } }, [
      StorageModule.forFeature([WorkedEntity]),
    ]);
    apps.push(app);
    await app.rows('CREATE TABLE worked (id integer PRIMARY KEY, name text)');
  });
  afterAll(async () => {
    for (const each of apps.toReversed()) {
      await each.close();
    }
  });
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('DELETE FROM worked');
  });

  it('load entities of the application', async () => {
    const result = await app.loader.loadBatch(WorkedEntity, fileOf(['a', 'b', 'a\0', 'c']), { batchSize: 2 });
    expect(result).toMatchObject({ received: 4, inserted: 3, rejected: 1 });
  });

  it('that end stop the load, which names the cause; the same load key resumes it in new threads', async () => {
    const names = Array.from({ length: 40 }, (_, index) => (index === 33 ? 'end' : `n${index}`));
    const options = { batchSize: 5, loadKey: 'ended' };
    const error = await app.loader.loadBatch(WorkedEntity, fileOf(names), options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'LOAD_FAILED',
      message: expect.stringContaining('A worker thread ended, and the records it had are not loaded'),
      cause: { code: 'WORKER_FAILED' },
    });
    const { result } = error as { result: { received: number; inserted: number; failed: number } };
    // Whole batches only.
    expect(await app.count('worked')).toBe(result.inserted);
    expect([result.inserted % 5, result.inserted + result.failed]).toEqual([0, result.received]);

    const rest = names.map((name) => (name === 'end' ? 'n33' : name));
    expect(await app.loader.loadBatch(WorkedEntity, fileOf(rest), options)).toMatchObject({
      received: 40,
      inserted: 40,
    });
    expect(await checkedLedger(app.rows, 'ended')).toMatchObject({ status: 'completed', received: 40, inserted: 40 });
    expect(await app.count('worked')).toBe(40);
  });

  it('that end in a replace leave the table as it was', async () => {
    await app.rows(`INSERT INTO worked VALUES (7, 'kept')`);
    const names = Array.from({ length: 20 }, (_, index) => (index === 18 ? 'end' : `n${index}`));
    const load = app.loader.loadBatch(WorkedEntity, fileOf(names), { batchSize: 5, disposition: 'replace' });
    await expect(load).rejects.toMatchObject({ code: 'LOAD_FAILED', cause: { code: 'WORKER_FAILED' } });
    expect(await app.rows('SELECT * FROM worked')).toEqual([{ id: 7, name: 'kept' }]);
  });

  it.each([
    ['are not given', undefined, 'have no entity WorkedEntity: set loader.workerEntities'],
    ['are in another module', OTHER, 'have no entity WorkedEntity: set loader.workerEntities'],
    ['are in a module that does not exist', '/nowhere.js', 'could not import loader.workerEntities, "/nowhere.js"'],
  ])('whose entities %s stop the load, and nothing is written', async (_, workerEntities, message) => {
    const other = await startBeside({ workerEntities });
    const load = other.loader.loadBatch(WorkedEntity, fileOf(['a']), {});
    await expect(load).rejects.toMatchObject({
      message: expect.stringContaining(message),
      cause: { code: 'WORKER_ENTITIES' },
    });
    expect(await app.count('worked')).toBe(0);
  });

  it('take no objects: these are normalized where they are', async () => {
    const other = await startBeside({});
    const records = [
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
    ];
    expect(await other.loader.loadBatch(WorkedEntity, records)).toMatchObject({ inserted: 2 });
  });

  it('follow a table that is altered while the load runs', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `n${index}`);
    let altered: Promise<unknown> | undefined;
    const onProgress = (): void => {
      altered ??= app.rows('ALTER TABLE worked ADD COLUMN note text');
    };
    const result = await app.loader.loadBatch(WorkedEntity, fileOf(names), { batchSize: 2, onProgress });
    await altered;
    expect(result).toMatchObject({ received: 60, inserted: 60, failed: 0 });
  });
});
