import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import {
  OpportunityEntity,
  QuarantineService,
  SchemaService,
  StorageError,
  SubmissionEntity,
} from '../../../src/index.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';

const BOTH = [SubmissionEntity, OpportunityEntity] as const;

/** What a caller without types may give. */
type Wrong = never;

describe('a public method that is given what it does not take', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp();
  });
  afterAll(() => app.close());

  const quarantine = () => app.module.get(QuarantineService);
  const schema = () => app.module.get(SchemaService);
  const submissions = () => app.loader.for(SubmissionEntity);
  const combined = () => app.loader.combine(BOTH, () => [{}]);

  it.each<[string, string, (wrong: Wrong) => unknown]>([
    ['INVALID_LOAD', 'load of a target', (wrong) => app.loader.load(wrong, [])],
    ['INVALID_LOAD', 'load of records', (wrong) => submissions().load(wrong)],
    ['INVALID_LOAD', 'load with options', (wrong) => submissions().load([], wrong)],
    ['INVALID_LOAD', 'load in a transaction', (wrong) => app.loader.load(SubmissionEntity, [{}], {}, wrong)],
    ['INVALID_LOAD', 'loadBatch of records', (wrong) => submissions().loadBatch(wrong)],
    ['INVALID_LOAD', 'loadBatch with options', (wrong) => submissions().loadBatch([], wrong)],
    ['INVALID_LOAD', 'upsert of entities', (wrong) => app.profiles.upsert(wrong, ['submissionId'])],
    ['INVALID_LOAD', 'upsert by a key', (wrong) => app.profiles.upsert({}, wrong)],
    ['INVALID_LOAD', 'buffer with options', (wrong) => app.profiles.buffer(wrong)],
    ['INVALID_LOAD', 'withManager of a loader', (wrong) => submissions().withManager(wrong)],
    ['INVALID_LOAD', 'withManager of a repository', (wrong) => app.opportunities.withManager(wrong)],
    ['INVALID_LOAD', 'withManager of the profiles', (wrong) => app.profiles.withManager(wrong)],
    ['INVALID_LOAD', 'withManager of hybrid loads', (wrong) => app.hybrid.withManager(wrong)],
    ['INVALID_LOAD', 'store of hybrid records', (wrong) => app.hybrid.store(wrong)],
    ['INVALID_LOAD', 'store of hybrid records with options', (wrong) => app.hybrid.store([], wrong)],
    ['INVALID_LOAD', 'storeBatch of hybrid records with options', (wrong) => app.hybrid.storeBatch([], wrong)],
    ['INVALID_LOAD', 'combine of entities', (wrong) => app.loader.combine(wrong, () => ({}) as never)],
    ['INVALID_LOAD', 'combine by a function', (wrong) => app.loader.combine(BOTH, wrong)],
    ['INVALID_LOAD', 'combine with options', (wrong) => app.loader.combine(BOTH, () => [{}], wrong)],
    ['INVALID_LOAD', 'load of combined records', (wrong) => combined().load(wrong)],
    ['INVALID_LOAD', 'load of combined records with options', (wrong) => combined().load([], wrong)],
    ['INVALID_FILTER', 'history', (wrong) => app.stats.history(wrong)],
    ['INVALID_FILTER', 'purge of the history', (wrong) => app.stats.purge(wrong)],
    ['INVALID_FILTER', 'progress', (wrong) => app.stats.progress(wrong)],
    ['INVALID_FILTER', 'list', (wrong) => quarantine().list(wrong)],
    ['INVALID_FILTER', 'count', (wrong) => quarantine().count(wrong)],
    ['INVALID_FILTER', 'countByReason', (wrong) => quarantine().countByReason(wrong)],
    ['INVALID_FILTER', 'get with options', (wrong) => quarantine().get('a', wrong)],
    ['INVALID_FILTER', 'records', (wrong) => quarantine().records(wrong).next()],
    [
      'INVALID_FILTER',
      'export',
      (wrong) =>
        quarantine()
          .export(wrong, 'jsonl', () => undefined)
          .next(),
    ],
    ['INVALID_FILTER', 'replay', (wrong) => quarantine().replay(wrong)],
    ['INVALID_LOAD', 'replay with options', (wrong) => quarantine().replay({}, wrong)],
    ['INVALID_LOAD', 'replay by combined loaders', (wrong) => quarantine().replay({}, { combined: wrong })],
    ['INVALID_FILTER', 'purge of quarantine', (wrong) => quarantine().purge(wrong)],
    ['INVALID_LOAD', 'check of an entity', (wrong) => schema().check(wrong)],
    ['INVALID_LOAD', 'propose for an entity', (wrong) => schema().propose(wrong)],
    ['INVALID_LOAD', 'propose with options', (wrong) => schema().propose(SubmissionEntity, wrong)],
    ['INVALID_LOAD', 'proposeWidening of an entity', (wrong) => schema().proposeWidening(wrong)],
  ])('throws %s: %s', async (code, _, call) => {
    for (const wrong of [null, 5]) {
      const called = (async () => call(wrong as Wrong))();
      await expect(called).rejects.toBeInstanceOf(StorageError);
      await expect(called).rejects.toMatchObject({ code });
    }
  });

  it('does not load outside of the transaction that withManager should have had', () => {
    const none = undefined as unknown as Wrong;
    for (const call of [submissions(), combined(), app.profiles, app.opportunities, app.hybrid]) {
      expect(() => call.withManager(none)).toThrow('withManager needs the EntityManager of an open transaction');
    }
  });

  it.each<[string, object]>([
    ['tabel is not a criterion', { tabel: 'submissions' }],
    ['table must be a text', { table: 5 }],
  ])('names the mistake in a filter of the history: %s', async (message, filter) => {
    await expect(app.stats.history(filter)).rejects.toThrow(message);
  });
});
