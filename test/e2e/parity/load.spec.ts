/**
 * Parity with the Python layer over the library dlt, which this package replaces. Its `load` merged, replaced or
 * appended by the name of a table and its key; a merge without a key was an error.
 * Proved here: `load` does the same on entities, in one transaction; a bad row costs itself only.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

import { InvalidLoadError, LoadFailedError } from '../../../src/index.js';
import { startAppWith } from '../../support/entities/own-entities.js';
import { emptyTables } from '../../support/app/quarantine.js';
import { startStorageAppBeside, type StorageApp } from '../../support/app/storage-app.js';
import { entryOf, expectAccounted } from '../../support/parity/accounts.js';
import { errorOf, stoppedResult, withCheck, withLocks } from '../../support/parity/faults.js';
import { keyOf, many, opportunity, submission } from '../../support/parity/records.js';

/** Its only key is one no record can carry. */
@Entity('parity_events')
class EventEntity {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id: number;

  @Column({ name: 'name', type: 'text' })
  name: string;
}

describe('load', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([EventEntity], { loader: { maxAttempts: 1 } });
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const titles = () => app.rows('SELECT submission_id AS id, title FROM submissions ORDER BY submission_id');

  it('stores every record by the name of its table', async () => {
    const result = await app.loader.load('submissions', [submission('t3_1'), submission('t3_2')]);
    expect(result).toMatchObject({ ok: true, table: 'submissions', disposition: 'merge', received: 2, inserted: 2 });
    expect(await titles()).toEqual([
      { id: 't3_1', title: 'title of t3_1' },
      { id: 't3_2', title: 'title of t3_2' },
    ]);
    await expectAccounted(app, result);
  });

  it('merges: rows that exist are updated, others inserted, and the rest of the table stays', async () => {
    await app.loader.load('submissions', [submission('t3_1'), submission('t3_2')]);
    const result = await app.loader.load('submissions', [submission('t3_2', { title: 'new' }), submission('t3_3')]);
    expect(result).toMatchObject({ inserted: 1, updated: 1, unchanged: 0 });
    expect(await titles()).toEqual([
      { id: 't3_1', title: 'title of t3_1' },
      { id: 't3_2', title: 'new' },
      { id: 't3_3', title: 'title of t3_3' },
    ]);
    await expectAccounted(app, result);
  });

  it('writes no row the second time', async () => {
    const versions = () => app.rows('SELECT xmin::text, ctid::text, load_id, updated_at FROM submissions ORDER BY 2');
    await app.loader.load('submissions', many(5, submission));
    const before = await versions();
    const result = await app.loader.load('submissions', many(5, submission));
    expect(result).toMatchObject({ inserted: 0, updated: 0, unchanged: 5 });
    expect(await versions()).toEqual(before);
  });

  it('replaces: the table then holds exactly this load', async () => {
    await app.loader.load('submissions', [submission('t3_1', { author: 'a' }), submission('t3_2')]);
    const records = [submission('t3_1', { title: 'new' }), submission('t3_3')];
    const result = await app.loader.load('submissions', records, { disposition: 'replace' });
    expect(result).toMatchObject({ ok: true, received: 2, inserted: 1, updated: 1 });
    expect(await app.rows('SELECT submission_id AS id, title, author FROM submissions ORDER BY 1')).toEqual([
      { id: 't3_1', title: 'new', author: null },
      { id: 't3_3', title: 'title of t3_3', author: null },
    ]);
    await expectAccounted(app, result);
  });

  it('replaces in one transaction, whatever the batch size', async () => {
    await app.loader.load('submissions', many(3, submission));
    const reject = () =>
      errorOf(
        app.loader.loadBatch('submissions', [...many(9, submission, 10), { submission_id: '' }], {
          disposition: 'replace',
          batchSize: 2,
        }),
      );
    expect(await reject()).toMatchObject({ code: 'REJECT_LIMIT_EXCEEDED' });
    expect((await titles()).map(({ id }) => id)).toEqual([keyOf(0), keyOf(1), keyOf(2)]);
  });

  it('appends: a key that exists is a rejected record, and its row stays as it was', async () => {
    await app.loader.load('submissions', [submission('t3_1')]);
    const records = [submission('t3_1', { title: 'new' }), submission('t3_2')];
    const result = await app.loader.load('submissions', records, { disposition: 'append' });
    expect(result).toMatchObject({ ok: false, inserted: 1, updated: 0, rejected: 1 });
    expect(result.rejects[0]).toMatchObject({ position: 0, reason: '23505' });
    expect(await titles()).toEqual([
      { id: 't3_1', title: 'title of t3_1' },
      { id: 't3_2', title: 'title of t3_2' },
    ]);
    await expectAccounted(app, result);
  });

  it('does nothing with no records, and says so', async () => {
    await app.loader.load('submissions', [submission('t3_1')]);
    for (const disposition of ['merge', 'append'] as const) {
      expect(await app.loader.load('submissions', [], { disposition })).toMatchObject({ ok: true, received: 0 });
    }
    expect(await app.count('submissions')).toBe(1);
  });

  it('empties a table by a replace with no records only when told so', async () => {
    await app.loader.load('submissions', [submission('t3_1')]);
    const error = await errorOf(app.loader.load('submissions', [], { disposition: 'replace' }));
    expect(error).toBeInstanceOf(InvalidLoadError);
    expect(await app.count('submissions')).toBe(1);

    await app.loader.load('submissions', [], { disposition: 'replace', allowEmpty: true });
    expect(await app.count('submissions')).toBe(0);
  });

  it('rejects a merge by columns that are no key, and names the keys', async () => {
    const error = await errorOf(app.loader.load('submissions', [submission('t3_1')], { primaryKey: 'title' }));
    expect(error).toBeInstanceOf(InvalidLoadError);
    expect((error as Error).message).toContain('(submission_id)');
    expect(await app.count('submissions')).toBe(0);
    expect(await app.count('storage_loads')).toBe(0);
  });

  it('rejects a record without the key that the database makes, which an append can insert', async () => {
    expect(await app.loader.load(EventEntity, [{ name: 'a' }])).toMatchObject({
      rejected: 1,
      rejects: [{ reason: 'missing_key' }],
    });
    expect(await app.count('parity_events')).toBe(0);

    await app.loader.load(EventEntity, [{ name: 'a' }, { name: 'a' }], { disposition: 'append' });
    expect(await app.rows('SELECT name FROM parity_events')).toEqual([{ name: 'a' }, { name: 'a' }]);
  });

  it('rejects a table nobody knows', async () => {
    const error = await errorOf(app.loader.load('reddit_posts', [submission('t3_1')]));
    expect(error).toBeInstanceOf(InvalidLoadError);
    expect((error as Error).message).toContain('submissions');
    expect(await app.count('storage_loads')).toBe(0);
  });

  it('stores nothing and throws when the database would not take the load', async () => {
    const hurried = await startStorageAppBeside(app, { loader: { maxAttempts: 1, lockTimeoutMs: 100 } });
    const lock = 'LOCK TABLE submissions IN SHARE MODE';
    const error = await withLocks(app, lock, () => errorOf(hurried.profiles.store(many(3, submission))));
    await hurried.close();
    expect(error).toBeInstanceOf(LoadFailedError);
    expect(error).toMatchObject({
      cause: { code: '55P03' },
      result: { ok: false, received: 3, failed: 3, inserted: 0 },
    });
    expect(await app.count('submissions')).toBe(0);
    const result = stoppedResult(error);
    expect(await entryOf(app, result.loadId)).toMatchObject({ status: 'failed', error_code: '55P03' });
    await expectAccounted(app, result);
  });

  it('loses only the row that a constraint rejects', async () => {
    const records = many(20, (id) => submission(id, { num_comments: id === keyOf(13) ? -1 : 1 }));
    const result = await withCheck(app, 'submissions', 'num_comments >= 0', () => app.profiles.store(records));
    expect(result).toMatchObject({ ok: false, inserted: 19, rejected: 1 });
    expect(await app.rows('SELECT reason, record_key FROM storage_rejected_records')).toEqual([
      { reason: '23514', record_key: keyOf(13) },
    ]);
    expect(await app.count('submissions')).toBe(19);
    await expectAccounted(app, result);
  });

  it('loads a single record', async () => {
    const result = await app.opportunities.store([opportunity('t3_1', { app_name: 'one' })]);
    expect(result).toMatchObject({ received: 1, inserted: 1 });
    expect(await app.rows('SELECT submission_id, app_name FROM app_opportunities')).toEqual([
      { submission_id: 't3_1', app_name: 'one' },
    ]);
  });

  it('loads 5,000 records in one transaction, and again', async () => {
    const records = many(5_000, (id) => opportunity(id, { core_functions: [id], opportunity_score: 72.5 }));
    const result = await app.opportunities.store(records);
    expect(result).toMatchObject({ received: 5_000, inserted: 5_000 });
    expect(await app.count(`app_opportunities WHERE core_functions = jsonb_build_array(submission_id)`)).toBe(5_000);
    expect(await app.rows('SELECT DISTINCT load_id, xmin::text FROM app_opportunities')).toHaveLength(1);
    expect(await app.opportunities.store(records)).toMatchObject({ unchanged: 5_000, updated: 0 });
    await expectAccounted(app, result);
  });
});
