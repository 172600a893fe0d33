/**
 * Parity with the Python layer over the library dlt, which this package replaces. There, a list of errors was all that
 * was left of a failed load.
 * Proved here: what is said of a failure has a code and names the place, in the error, the statistics and the history
 * alike, and never the values of a row.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { emptyTables, quarantined } from '../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../support/app/storage-app.js';
import { entryOf } from '../../support/parity/accounts.js';
import { errorOf, stoppedResult, withCheck, withRejection } from '../../support/parity/faults.js';
import { type Fields, many, submission } from '../../support/parity/records.js';

describe('what is said of a failure', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({ loader: { maxAttempts: 1 } });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    app.stats.reset();
  });

  /** Every place a failed load speaks in: the error, the statistics, the history. */
  async function saidOf(work: Promise<unknown>): Promise<{ entry: Record<string, unknown>; text: string }> {
    const error = await errorOf(work);
    const result = stoppedResult(error);
    const entry = (await entryOf(app, result.loadId)) ?? {};
    const { message } = error as Error;
    return { entry, text: JSON.stringify([message, result, app.stats.snapshot().errors, entry]) };
  }

  it('names the code of the database and no value of a row, even where a trigger quotes one', async () => {
    const rejection = { table: 'submissions', when: 'true', sqlstate: '53100' };
    const said = await withRejection(app, rejection, () => saidOf(app.profiles.store([submission('t3_secret')])));
    expect(said.entry).toMatchObject({ status: 'failed', error_code: '53100' });
    expect(said.text).not.toContain('t3_secret');
    expect(await app.count('submissions')).toBe(0);
  });

  it('does not repeat what the source quoted of its records', async () => {
    async function* lines(): AsyncGenerator<Fields> {
      yield* many(15, submission);
      yield JSON.parse('{"title": secret}') as Fields;
    }
    const said = await saidOf(app.profiles.storeBatch(lines(), { batchSize: 10 }));
    expect(said.entry).toMatchObject({ status: 'failed', inserted: 10 });
    expect(said.text).not.toContain('secret');
    expect(await app.count('submissions')).toBe(10);
  });

  it('tells by its own code that too many records were rejected', async () => {
    const records = [submission('t3_1'), submission('t3_2', { trust_score: 'high' })];
    const { entry } = await saidOf(app.profiles.store(records, { onReject: 'fail' }));
    expect(entry).toMatchObject({ status: 'failed', error_code: 'REJECT_LIMIT_EXCEEDED' });
    expect(await app.count('submissions')).toBe(0);
  });

  it('tells by its own code that the load was interrupted', async () => {
    const signal = AbortSignal.abort();
    const { entry } = await saidOf(app.profiles.store([submission('t3_1')], { signal }));
    expect(entry).toMatchObject({ status: 'interrupted', error_code: 'LOAD_INTERRUPTED' });
    expect(await app.count('submissions')).toBe(0);
  });

  it('names the constraint that rejected a record, in the result and in the quarantine, without its values', async () => {
    const result = await withCheck(app, 'submissions', `author <> 'secret'`, () =>
      app.profiles.store([submission('t3_1', { author: 'secret' })]),
    );
    const [kept] = await quarantined(app, result.loadId);
    for (const message of [result.rejects[0]?.message, kept?.message]) {
      expect(message).toContain('parity_check');
      expect(message).not.toContain('secret');
    }
    expect(await app.count('submissions')).toBe(0);
  });
});
