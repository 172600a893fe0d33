/**
 * Parity with the Python layer over the library dlt, which this package replaces.
 * Proved here: an application gets the loader, the stores and their defaults by importing the module; a wrong option
 * stops it at its start.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import pg from 'pg';
import { DataSource } from 'typeorm';

import {
  getStorageToken,
  LoaderService,
  OpportunityRepository,
  ProfileRepository,
  storageEntities,
  StorageModule,
} from '../../../src/index.js';
import { createTestDatabase, type TestDatabase } from '../../../src/testing/index.js';
import { initStorageApp, startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { committedBatches } from '../../support/parity/accounts.js';
import { errorOf } from '../../support/parity/faults.js';
import { many, opportunity, submission } from '../../support/parity/records.js';

describe('initialisation', () => {
  let app: StorageApp | undefined;
  let database: TestDatabase | undefined;
  afterEach(async () => {
    await app?.close();
    await database?.drop();
    app = undefined;
    database = undefined;
  });

  it('begins with no statistics, no history and no rows', async () => {
    app = await startStorageApp();
    expect(app.stats.snapshot()).toMatchObject({ received: 0, loaded: 0, errorCount: 0, errors: [], tables: {} });
    expect(await app.stats.history()).toEqual([]);
    expect(await app.count('app_opportunities')).toBe(0);
    expect(await app.count('submissions')).toBe(0);
  });

  it('by default loads batches of 5,000, captures unknown fields and keeps rejected records', async () => {
    app = await startStorageApp();
    const records = [...many(5_100, submission), { submission_id: 't3_x', flair: 'red' }, { submission_id: ' ' }];
    const result = await app.profiles.storeBatch(records);
    expect(await committedBatches(app, result.loadId)).toEqual([
      [0, 5_000],
      [5_000, 5_102],
    ]);
    expect(await app.count('submissions')).toBe(5_101);
    expect(await app.rows(`SELECT extra FROM submissions WHERE submission_id = 't3_x'`)).toEqual([
      { extra: { flair: 'red' } },
    ]);
    expect(await app.rows('SELECT reason FROM storage_rejected_records')).toEqual([{ reason: 'blank_key' }]);
  });

  it('takes a batch size of its own, and that of a single load before it', async () => {
    app = await startStorageApp({ loader: { batchSize: 4 } });
    const bySetting = await app.profiles.storeBatch(many(10, submission));
    const byLoad = await app.profiles.storeBatch(many(10, submission), { batchSize: 5 });
    expect(await committedBatches(app, bySetting.loadId)).toEqual([
      [0, 4],
      [4, 8],
      [8, 10],
    ]);
    expect(await committedBatches(app, byLoad.loadId)).toEqual([
      [0, 5],
      [5, 10],
    ]);
  });

  it('drops and counts unknown fields when told to discard them', async () => {
    app = await startStorageApp({ unknownFields: 'discard' });
    const result = await app.profiles.store([submission('t3_1', { flair: 'red' }), submission('t3_2', { flair: 'b' })]);
    expect(result).toMatchObject({ inserted: 2, rejected: 0, discardedFields: { flair: 2 } });
    expect(await app.rows('SELECT DISTINCT extra FROM submissions')).toEqual([{ extra: null }]);
  });

  it('rejects records with unknown fields when told to', async () => {
    app = await startStorageApp({ unknownFields: 'reject' });
    const result = await app.profiles.store([submission('t3_1', { flair: 'red' }), submission('t3_2')]);
    expect(result).toMatchObject({ inserted: 1, rejected: 1, ok: false });
    expect(result.rejects[0]).toMatchObject({ position: 0, reason: 'unknown_field' });
    expect(await app.rows('SELECT submission_id FROM submissions')).toEqual([{ submission_id: 't3_2' }]);
  });

  it('names every wrong option at once and does not start', async () => {
    const options = { url: 'postgres://127.0.0.1/none', poolSize: 0, loader: { batchSize: 0, maxAttempts: -1 } };
    const error = await errorOf(Test.createTestingModule({ imports: [StorageModule.forRoot(options)] }).compile());
    expect(error).toMatchObject({ code: 'INVALID_OPTIONS' });
    const { message } = error as Error;
    for (const name of ['poolSize', 'loader.batchSize', 'loader.maxAttempts']) {
      expect(message).toContain(name);
    }
  });

  it('loads into the schema of the DataSource the application has', async () => {
    database = await createTestDatabase();
    const dataSource = new DataSource({
      type: 'postgres',
      driver: pg,
      url: database.url,
      schema: 'staging',
      entities: storageEntities,
    });
    await dataSource.initialize();
    try {
      await dataSource.query('CREATE SCHEMA staging');
      await dataSource.synchronize();
      app = await initStorageApp(
        await Test.createTestingModule({
          imports: [StorageModule.forRoot({ dataSource, migrations: 'off' })],
        }).compile(),
      );
      await app.opportunities.store([opportunity('t3_1')]);
      expect(await app.count('staging.app_opportunities')).toBe(1);
      expect(await app.count('staging.storage_loads')).toBe(1);
      expect(await app.count('public.app_opportunities')).toBe(0);
      await app.close();
      app = undefined;
      expect(dataSource.isInitialized).toBe(true);
    } finally {
      await dataSource.destroy();
    }
  });

  it('keeps a second storage of another database apart', async () => {
    database = await createTestDatabase();
    app = await startStorageApp({}, [StorageModule.forRoot({ name: 'archive', url: database.url })]);
    const archive = app.module.get<ProfileRepository>(getStorageToken(ProfileRepository, 'archive'));
    await archive.store([submission('t3_1')]);
    expect(await archive.repository.count()).toBe(1);
    expect(await app.count('submissions')).toBe(0);
    expect(app.stats.snapshot().received).toBe(0);
  });

  it('gives every repository the one loader, bound to its own table', async () => {
    app = await startStorageApp();
    expect(app.module.get(LoaderService)).toBe(app.loader);
    expect(app.module.get(OpportunityRepository)).toBe(app.opportunities);
    await app.opportunities.store([opportunity('t3_1')]);
    await app.loader.for('submissions').load([submission('t3_2')]);
    expect(await app.opportunities.findById('t3_1')).toMatchObject({ submissionId: 't3_1' });
    expect(await app.profiles.findById('t3_2')).toMatchObject({ redditId: 't3_2' });
    expect(await app.profiles.findById('t3_1')).toBeNull();
  });
});
