import fc from 'fast-check';

import type { StorageApp } from '../app/storage-app.js';

const key = fc.integer({ min: 0, max: 7 }).map((n) => `t3_${n}`);
const common = fc.record(
  {
    title: fc.constantFrom('a', 'b', '', null),
    trust_score: fc.constantFrom(0, 1, 72.5, null),
    app_name: fc.constantFrom('one', 'two', 'three', null),
    num_comments: fc.constantFrom(0, 5),
    mood: fc.constantFrom('good', null),
  },
  { requiredKeys: [] },
);
const opportunity = fc
  .tuple(key, common)
  .map(([submission_id, fields]) => ({ submission_id, problem_description: 'p', ...fields }));

/** A record for either table or both: most are good, the rest wrong in every way a record can be. */
const anyRecord: fc.Arbitrary<object> = fc.oneof(
  { weight: 10, arbitrary: opportunity },
  // skipped by the opportunities, taken by the profiles
  { weight: 2, arbitrary: fc.tuple(key, common).map(([submission_id, fields]) => ({ submission_id, ...fields })) },
  // skipped by both
  { weight: 1, arbitrary: common },
  // rejected by a rule
  { weight: 1, arbitrary: opportunity.map((record) => ({ ...record, title: 'a\0b' })) },
  { weight: 1, arbitrary: opportunity.map((record) => ({ ...record, submission_id: ' ' })) },
  { weight: 1, arbitrary: fc.constantFrom(null, 5, []) as unknown as fc.Arbitrary<object> },
  // rejected by a constraint of one table or the other
  { weight: 1, arbitrary: opportunity.map((record) => ({ ...record, confidence: 2 })) },
  { weight: 1, arbitrary: opportunity.map((record) => ({ ...record, num_comments: -1 })) },
  // costs its whole batch
  { weight: 1, arbitrary: opportunity.map((record) => ({ ...record, subreddit: 'collides' })) },
);

/** Random records that meet the tables of {@link guardTables}. */
export const anyRecords = fc.array(anyRecord, { maxLength: 40 });

/** The same; some of them delete their row by the field `gone`. */
export const recordsAndDeletions = fc
  .tuple(anyRecords, fc.infiniteStream(fc.constantFrom(false, false, true)))
  .map(([records, deletes]) => {
    const [...gone] = deletes.take(records.length);
    return records.map((record, place) => (gone[place] === true ? { ...record, gone: true } : record));
  });

/** Constraints for records to break, and a trigger in which a transaction collides with another. */
export async function guardTables(app: StorageApp): Promise<void> {
  await app.rows(`
    ALTER TABLE app_opportunities ADD CONSTRAINT sure CHECK (confidence <= 1);
    ALTER TABLE submissions ADD CONSTRAINT counted CHECK (num_comments >= 0);
    CREATE UNIQUE INDEX one_app_a_name ON app_opportunities (app_name);
    CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'in the way' USING ERRCODE = 'serialization_failure'; END $$;
    CREATE TRIGGER collide BEFORE INSERT OR UPDATE ON app_opportunities
      FOR EACH ROW WHEN (NEW.subreddit = 'collides') EXECUTE FUNCTION collide();
  `);
}
