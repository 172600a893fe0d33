import { HYBRID, type UnknownFields } from '../entities/index.js';
import type { LoadJob, Prepared, Target } from '../loader/model/load-job.js';
import type { ResolvedLoadOptions } from '../loader/model/load-options.js';
import type { LoadPlan } from '../loader/model/load-plan.js';
import type { SkipReason } from '../loader/model/row-outcome.js';
import { normalizeRecord } from '../loader/normalize/normalize-record.js';
import { applyPolicy, effectivePolicy, requiredKey, targetOf } from '../loader/plan/entity-job.js';

/**
 * The load of hybrid records into both tables. Each half reads the whole record and takes the fields it knows; fields
 * that neither knows go to the profile half, which every record has.
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
  const opportunity = targetOf(opportunities, options);
  const profile = targetOf(submissions, options);
  const policy = effectivePolicy(submissions, unknownFields);
  return {
    name: HYBRID,
    targets: [opportunity, profile],
    options,
    unknownFields: policy,
    prepare: (record, textual) => prepareHybrid({ opportunity, profile }, options, policy, record, textual),
  };
}

/** Skip reason of records that have a profile but no opportunity. */
const PROFILE_ONLY: SkipReason = 'missing_problem_description';

function prepareHybrid(
  { opportunity, profile }: { readonly opportunity: Target; readonly profile: Target },
  options: ResolvedLoadOptions,
  policy: UnknownFields,
  record: unknown,
  textual: boolean,
): Prepared {
  const upper = normalizeRecord(opportunity.plan, requiredKey(opportunity, options), record, textual);
  if (upper.kind !== 'row' && !(upper.kind === 'skip' && upper.reason === PROFILE_ONLY)) {
    return upper;
  }
  const lower = normalizeRecord(profile.plan, requiredKey(profile, options), record, textual);
  if (lower.kind !== 'row') {
    return lower;
  }
  const unknown = new Map(lower.unknown);
  const leftOver = new Map<string, unknown>();
  for (const [name, value] of lower.unknown) {
    if (opportunity.plan.fields.has(name) && !(upper.kind === 'row' && upper.unknown.has(name))) {
      unknown.delete(name);
      if (upper.kind === 'skip') {
        leftOver.set(name, value);
      }
    }
  }
  if (upper.kind === 'row') {
    // The record's own extra object is stored once, with the profile.
    upper.row.extra = undefined;
  }
  // Fields of the opportunity half are not unknown fields, even if the record has no such half.
  const { extraName } = profile.plan;
  const kept = applyPolicy(lower.row, leftOver, policy === 'reject' ? 'capture' : policy, extraName);
  const prepared = kept.kind === 'rows' ? applyPolicy(lower.row, unknown, policy, extraName) : kept;
  if (prepared.kind !== 'rows') {
    return prepared;
  }
  const rows = [upper.kind === 'row' ? upper.row : undefined, lower.row];
  // Without an opportunity half and without capture, they are dropped like the others.
  return {
    kind: 'rows',
    rows,
    unknown: policy === 'discard' ? [...leftOver.keys(), ...unknown.keys()] : unknown.keys(),
  };
}
