import { Aliases, CheckedByColumns, EpochSeconds, FillsFrom, SkipWhenAbsent } from './record-decorators.js';

/** A record for `submissions`. Keys may be these property names or the column names (`submission_id`). */
@CheckedByColumns()
export class ProfileRecord {
  @SkipWhenAbsent()
  @Aliases('reddit_id')
  submissionId?: string | null | undefined;

  @FillsFrom('submission_id')
  redditId?: string | null | undefined;

  title?: string | null | undefined;

  selftext?: string | null | undefined;

  author?: string | null | undefined;

  subreddit?: string | null | undefined;

  url?: string | null | undefined;

  aiProfile?: unknown;

  trustScore?: number | string | null | undefined;

  trustLevel?: string | null | undefined;

  marketValidation?: unknown;

  marketValidationScore?: number | string | null | undefined;

  opportunityScore?: number | string | null | undefined;

  /** Seconds since 1970, an ISO date-time with a zone, or a Date. */
  @EpochSeconds()
  createdUtc?: Date | string | number | null | undefined;

  redditScore?: number | bigint | string | null | undefined;

  numComments?: number | bigint | string | null | undefined;
}
