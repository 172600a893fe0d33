import { HYBRID, type UnknownFields } from '../entities/index.js';
import type { LoadJob } from '../loader/model/load-job.js';
import type { ResolvedLoadOptions } from '../loader/model/load-options.js';
import type { LoadPlan } from '../loader/model/load-plan.js';
import { normalizeRecord } from '../loader/normalize/normalize-record.js';
import { partTarget, prepareParts } from '../loader/plan/combined-job.js';

/**
 * The load of hybrid records into both tables: a combined load whose parts are both the whole record, and whose rows have one
 * key. So fields that neither half knows go to the profile half, which every record has.
 *
 * @param opportunities - plan of `app_opportunities`
 * @param submissions - plan of `submissions`
 */
export function hybridJob(
  opportunities: LoadPlan,
  submissions: LoadPlan,
  options: ResolvedLoadOptions,
  unknownFields: UnknownFields,
): LoadJob {
  const opportunity = partTarget(opportunities, options, unknownFields);
  const profile = partTarget(submissions, options, unknownFields);
  return {
    name: HYBRID,
    targets: [opportunity.target, profile.target],
    options,
    unknownFields: profile.policy,
    hasKeysApart: false,
    prepare: (record, textual) =>
      prepareParts([opportunity, profile], [[record], [record]], {
        read: ({ target: { plan }, key }) => normalizeRecord(plan, key, record, textual),
        reject: (_, rejection) => ({ kind: 'rejection', rejection }),
      }),
  };
}
