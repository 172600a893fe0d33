import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { Entity, PrimaryColumn } from 'typeorm';

import { InvalidLoadError, StorageModule } from '../../../../src/index.js';
import { emptyTables, quarantined } from '../../../support/app/quarantine.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';

@Entity('hybrid')
class Hybrid {
  @PrimaryColumn('text')
  id: string;
}

describe('a hybrid load', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startStorageApp({}, [StorageModule.forFeature([Hybrid])]);
    await app.rows(`
      ALTER TABLE submissions ADD CONSTRAINT counted CHECK (num_comments >= 0);
      ALTER TABLE app_opportunities ADD CONSTRAINT sure CHECK (confidence <= 1);
    `);
  });
  afterAll(() => app.close());
  beforeEach(() => emptyTables(app));

  const whole = (id: string, fields: object = {}) => ({
    submission_id: id,
    problem_description: 'p',
    title: 't',
    ...fields,
  });
  const ids = async (table: string) =>
    (await app.rows(`SELECT submission_id AS id FROM ${table} ORDER BY 1`)).map(({ id }) => id);

  it('puts each field where it belongs, and the same field into both', async () => {
    const record = whole('a', {
      app_name: 'n',
      selftext: 's',
      ai_profile: { x: 1 },
      created_utc: 1_700_000_000,
      mood: 'good',
    });
    expect(await app.hybrid.store([record])).toMatchObject({ received: 1, stored: 1, ok: true });
    expect(await app.rows('SELECT app_name, title, ai_profile, extra FROM app_opportunities')).toEqual([
      { app_name: 'n', title: 't', ai_profile: { x: 1 }, extra: null },
    ]);
    expect(
      await app.rows('SELECT selftext, title, ai_profile, created_utc, reddit_id, extra FROM submissions'),
    ).toEqual([
      {
        selftext: 's',
        title: 't',
        ai_profile: { x: 1 },
        created_utc: new Date(1_700_000_000_000),
        reddit_id: 'a',
        extra: { mood: 'good' },
      },
    ]);
  });

  it('without a problem description feeds submissions only', async () => {
    const result = await app.hybrid.store([
      { submission_id: 'a', title: 't' },
      { submission_id: 'b', problem_description: ' ' },
    ]);
    expect(result).toMatchObject({
      stored: 2,
      skipped: 0,
      opportunities: { skipped: 2 },
      submissions: { inserted: 2 },
    });
    expect(await ids('app_opportunities')).toEqual([]);
    expect(await ids('submissions')).toEqual(['a', 'b']);
  });

  it('without an id is skipped by both', async () => {
    const result = await app.hybrid.store([{ problem_description: 'p', title: 't' }]);
    expect(result).toMatchObject({ received: 1, stored: 0, skipped: 1, skippedReasons: { missing_submission_id: 1 } });
  });

  it.each([
    ['the profile half breaks a constraint', { num_comments: -1 }, '23514'],
    ['the opportunity half breaks a constraint', { confidence: 2 }, '23514'],
    ['the profile half breaks a rule', { selftext: 5 }, 'wrong_type'],
    ['the opportunity half breaks a rule', { app_name: 5 }, 'wrong_type'],
    ['an unknown field breaks a rule', { mood: Number.NaN }, 'not_finite'],
  ])('stores neither half when %s, and quarantines the whole record once', async (_, wrong, reason) => {
    const bad = whole('bad', wrong);
    const result = await app.hybrid.store([whole('a'), bad, whole('b')]);

    expect(result).toMatchObject({ received: 3, stored: 2, rejected: 1, ok: false });
    expect(result).toMatchObject({
      opportunities: { inserted: 2, rejected: 1 },
      submissions: { inserted: 2, rejected: 1 },
    });
    expect(await ids('app_opportunities')).toEqual(['a', 'b']);
    expect(await ids('submissions')).toEqual(['a', 'b']);
    const rows = await quarantined(app, result.loadId);
    expect(rows).toMatchObject([{ reason, position: 1, key: 'bad', table: 'hybrid' }]);
    expect(JSON.parse(String(rows[0]?.raw))).toMatchObject({
      submission_id: 'bad',
      problem_description: 'p',
      title: 't',
    });
  });

  it('leaves both rows as they were when one half of an update is rejected', async () => {
    await app.hybrid.store([whole('a', { app_name: 'old', author: 'old' })]);
    const result = await app.hybrid.store([whole('a', { app_name: 'new', author: 'new', num_comments: -1 })]);
    expect(result).toMatchObject({ stored: 0, rejected: 1 });
    expect(await app.rows('SELECT app_name FROM app_opportunities')).toEqual([{ app_name: 'old' }]);
    expect(await app.rows('SELECT author FROM submissions')).toEqual([{ author: 'old' }]);
  });

  it('invents no nulls: what a later record does not say stays in both tables', async () => {
    await app.hybrid.store([whole('a', { app_name: 'n', author: 'x', trust_score: 0, url: 'u' })]);
    await app.hybrid.store([{ submission_id: 'a', problem_description: 'p2' }]);
    await app.hybrid.store([{ submission_id: 'a', selftext: 's' }]);
    expect(await app.rows('SELECT app_name, trust_score, title, problem_description FROM app_opportunities')).toEqual([
      { app_name: 'n', trust_score: 0, title: 't', problem_description: 'p2' },
    ]);
    expect(await app.rows('SELECT author, trust_score, url, selftext FROM submissions')).toEqual([
      { author: 'x', trust_score: 0, url: 'u', selftext: 's' },
    ]);
  });

  it.each([
    ['core_functions', [{ core_functions: null, function_list: ['a'], functions: ['b'] }], ['a']],
    ['core_functions', [{ functions: ['b'] }], ['b']],
    ['core_functions', [{ core_functions: [], function_list: ['a'] }], []],
    ['monetization_score', [{ llm_monetization_score: 0, willingness_to_pay_score: 9 }], 0],
    ['monetization_score', [{ willingnessToPayScore: 9 }], 9],
    ['final_score', [{ opportunity_score: 5, total_score: 6 }], 5],
    ['final_score', [{ total_score: 0, overall_score: 7 }], 0],
    ['final_score', [{ final_score: 3, opportunity_score: 5 }], 3],
    ['final_score', [{ final_score: 3 }, { opportunity_score: 5 }], 3],
    ['final_score', [{ final_score: 0 }, { overall_score: 5 }], 0],
    ['final_score', [{ overall_score: 5 }, { final_score: 3 }], 3],
    ['final_score', [{ overall_score: 5 }, { overall_score: 6 }], 5],
  ])('reads %s from %j', async (column, loads, expected) => {
    for (const fields of loads) {
      await app.hybrid.store([whole('a', fields)]);
    }
    expect(await app.rows(`SELECT ${column} AS value FROM app_opportunities`)).toEqual([{ value: expected }]);

    await emptyTables(app);
    await app.hybrid.store(loads.map((fields) => whole('a', fields)));
    expect(await app.rows(`SELECT ${column} AS value FROM app_opportunities`)).toEqual([{ value: expected }]);
  });

  it.each(['disposition', 'primaryKey', 'newerBy', 'updateColumns', 'keepColumns', 'deleteWhen', 'allowEmpty'])(
    'takes no %s',
    async (option) => {
      await expect(app.hybrid.store([whole('a')], { [option]: 'merge' })).rejects.toThrow(InvalidLoadError);
    },
  );

  it('takes an option that is undefined as one that was not given', async () => {
    const options = {
      source: 's',
      disposition: undefined,
      primaryKey: undefined,
      newerBy: undefined,
      allowEmpty: undefined,
    };
    expect(await app.hybrid.store([whole('a')], options)).toMatchObject({ stored: 1 });
    expect(await app.hybrid.storeBatch([whole('a')], options)).toMatchObject({ stored: 1 });
  });

  it('as any load looks at what it was given before it asks the database', async () => {
    const records = 'no records' as never;
    await app.rows('ALTER TABLE submissions RENAME TO moved_away');
    try {
      for (const call of [
        () => app.hybrid.store(records),
        () => app.hybrid.storeBatch(records),
        () => app.profiles.store(records),
        () => app.profiles.storeBatch(records),
      ]) {
        await expect(call()).rejects.toThrow(/^load(Batch)? takes an/);
      }
    } finally {
      await app.rows('ALTER TABLE moved_away RENAME TO submissions');
    }
  });

  it('has its name in the history for itself: no table of that name is loaded', async () => {
    await app.rows('CREATE TABLE hybrid (id text PRIMARY KEY)');
    const load = app.loader.load(Hybrid, [{ id: 'a' }, { id: 5 }]);
    await expect(load).rejects.toThrow(InvalidLoadError);
    await expect(load).rejects.toThrow('Rename its table');
    expect(await app.count('storage_loads')).toBe(0);
  });
});
