import type { InEitherCase } from './load-record.js';
import type { OpportunityRecord } from './opportunity.record.js';
import type { ProfileRecord } from './profile.record.js';

/** What `OpportunityRepository` stores: an {@link OpportunityRecord} or a part of it, in camelCase or snake_case. */
export interface OpportunityInput
  extends InEitherCase<OpportunityRecord>, InEitherCase<OpportunityAliases>, InEitherCase<LoadedFields> {}

/** What `ProfileRepository` stores: a {@link ProfileRecord} or a part of it, in camelCase or snake_case. */
export interface ProfileInput extends InEitherCase<ProfileRecord>, InEitherCase<LoadedFields> {}

/** Fallback fields of an {@link OpportunityRecord}. */
export interface OpportunityAliases {
  redditId?: string | null;
  functionList?: unknown;
  functions?: unknown;
  totalScore?: number | string | null;
  overallScore?: number | string | null;
  llmMonetizationScore?: number | string | null;
  willingnessToPayScore?: number | string | null;
}

/** Columns of both tables that records seldom carry; what they say of `load_id` and `updated_at` is ignored. */
export interface LoadedFields {
  /** Fields without a column, by name. */
  extra?: Record<string, unknown> | null;
  createdAt?: Date | string;
  loadId?: string | null;
  updatedAt?: Date | string;
}
