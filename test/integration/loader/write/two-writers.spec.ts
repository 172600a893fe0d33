import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ClientBase } from 'pg';

import { OpportunityEntity } from '../../../../src/index.js';
import { writeByCopy } from '../../../../src/loader/write/copy-writer.js';
import { copyNewRows, NotCopiedError } from '../../../../src/loader/write/direct-writer.js';
import type { LoadPlan } from '../../../../src/loader/model/load-plan.js';
import type { Target } from '../../../../src/loader/model/load-job.js';
import { normalizeRecord } from '../../../../src/loader/normalize/normalize-record.js';
import { captureField, type Row } from '../../../../src/loader/model/row.js';
import { writeByUpsert } from '../../../../src/loader/write/upsert-writer.js';
import { LoadObservers } from '../../../../src/stats/observe/load-observers.js';
import { withClient } from '../../../../src/postgres/with-client.js';
import { withSavepoint } from '../../../../src/postgres/with-transaction.js';
import { livePlanOf } from '../../../support/entities/plans.js';
import { addWritten, NOTHING_WRITTEN } from '../../../../src/loader/write/write-staged.js';
import { startStorageApp, type StorageApp } from '../../../support/app/storage-app.js';
import { propertyRuns } from '../../../support/sizes/sizes.js';

/** What is hard to send: everything COPY and array literals give a meaning of their own. */
const hostile = fc.oneof(
  fc.constantFrom(
    '',
    '\\N',
    '\\.',
    'NULL',
    '{}',
    '"',
    '\\',
    'a\tb',
    'a\r\nb',
    '\u{1f600}',
    "'; DROP TABLE x; --",
    '$1',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !text.includes('\0')),
);
const value = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary }, { weight: 1, arbitrary: fc.constant(null) });
const leaf = fc.oneof(
  hostile,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true, max: 1e9, min: -1e9 }),
  fc.boolean(),
);
const json = fc.oneof(leaf, fc.array(leaf, { maxLength: 4 }), fc.dictionary(hostile, leaf, { maxKeys: 4 }));
const fields = fc.record(
  {
    title: value(hostile),
    status: value(hostile),
    core_functions: value(json),
    opportunity_score: value(fc.double({ noNaN: true, noDefaultInfinity: true })),
    final_score: value(fc.double({ noNaN: true, noDefaultInfinity: true })),
    evidence_based: value(fc.boolean()),
    reddit_score: value(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    trust_score: value(fc.integer({ min: 0, max: 100 })),
    enrichment_version: value(hostile),
    analyzed_at: value(fc.constantFrom('2024-01-01T00:00:00.123456Z', '1999-12-31 23:59:59+05:30')),
    mood: value(json),
  },
  { requiredKeys: [] },
);
const records = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 30 }), fields), {
    selector: ([id]) => id,
    minLength: 1,
    maxLength: 20,
  })
  .map((entries) => entries.map(([id, rest]) => ({ submission_id: `k${id}`, problem_description: 'p', ...rest })));

/** New rows straight into the table, also when they are few; after an error all rows by a staging table. */
const writeDirectly: typeof writeByCopy = async (client, target, settings, rows) => {
  try {
    return await withSavepoint(client, async () => {
      const { inserted, left } = await copyNewRows(client, target, settings, rows, 1);
      const staged = left.length === 0 ? NOTHING_WRITTEN : await writeByCopy(client, target, settings, left);
      return addWritten({ ...NOTHING_WRITTEN, inserted }, staged);
    });
  } catch (error) {
    if (!(error instanceof NotCopiedError)) {
      throw error;
    }
    return writeByCopy(client, target, settings, rows);
  }
};

describe('the ways of writing', () => {
  let app: StorageApp;
  let plan: LoadPlan;
  beforeAll(async () => {
    app = await startStorageApp();
    plan = await livePlanOf(app.dataSource, OpportunityEntity);
  });
  afterAll(() => app.close());

  const toRows = (batch: readonly object[]): Row[] =>
    batch.map((record) => {
      const normalized = normalizeRecord(plan, plan.primaryKey, record);
      if (normalized.kind !== 'row') {
        throw new Error(`the generator made a record that is rejected: ${JSON.stringify(normalized)}`);
      }
      normalized.unknown.forEach((content, name) => captureField(normalized.row, name, content, 'extra'));
      return normalized.row;
    });

  /** What a writer makes of rows in a table that has some, and what it says of it; then all is taken back. */
  async function outcome(
    client: ClientBase,
    write: typeof writeByCopy,
    onConflict: Target['onConflict'],
    stored: readonly Row[],
    incoming: readonly Row[],
  ): Promise<unknown> {
    const target = { plan, key: plan.primaryKey };
    const loadId = randomUUID();
    const order = { loadId, observers: new LoadObservers(), failsOnConflict: false, updatesAtOnce: true };
    await client.query('BEGIN');
    try {
      await writeByUpsert(client, { ...target, onConflict: 'merge' }, order, stored);
      const counts = await write(client, { ...target, onConflict }, order, incoming);
      const content = await client.query(
        `SELECT to_jsonb(t) - 'load_id' - 'updated_at' - 'created_at' AS content, t.load_id = $1 AS ours
           FROM app_opportunities AS t ORDER BY submission_id COLLATE "C"`,
        [loadId],
      );
      return { counts, content: content.rows };
    } catch (error) {
      return { code: (error as { code?: string }).code };
    } finally {
      await client.query('ROLLBACK');
    }
  }

  it.each(['merge', 'insert'] as const)(
    'mean the same by %s',
    async (onConflict) => {
      await withClient(app.dataSource, (client) =>
        fc.assert(
          fc.asyncProperty(records, records, async (before, now) => {
            const [stored, incoming] = [toRows(before), toRows(now)];
            const expected = await outcome(client, writeByUpsert, onConflict, stored, incoming);
            expect(await outcome(client, writeByCopy, onConflict, stored, incoming)).toEqual(expected);
            expect(await outcome(client, writeDirectly, onConflict, stored, incoming)).toEqual(expected);
          }),
          propertyRuns(200),
        ),
      );
    },
    120_000,
  );
});
