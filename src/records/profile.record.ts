import { IsNumber, IsOptional, IsString } from 'class-validator';

import { Aliases, EpochSeconds, FillsFrom, SkipWhenAbsent } from './record-decorators.js';

/** A record for `submissions`. Keys may be these property names or the column names (`submission_id`). */
export class ProfileRecord {
  @SkipWhenAbsent()
  @Aliases('reddit_id')
  submissionId?: string | null | undefined;

  @IsOptional()
  @IsString()
  @FillsFrom('submission_id')
  redditId?: string | null | undefined;

  @IsOptional()
  @IsString()
  title?: string | null | undefined;

  @IsOptional()
  @IsString()
  selftext?: string | null | undefined;

  @IsOptional()
  @IsString()
  author?: string | null | undefined;

  @IsOptional()
  @IsString()
  subreddit?: string | null | undefined;

  @IsOptional()
  @IsString()
  url?: string | null | undefined;

  aiProfile?: unknown;

  @IsOptional()
  @IsNumber()
  trustScore?: number | string | null | undefined;

  @IsOptional()
  @IsString()
  trustLevel?: string | null | undefined;

  marketValidation?: unknown;

  @IsOptional()
  @IsNumber()
  marketValidationScore?: number | string | null | undefined;

  @IsOptional()
  @IsNumber()
  opportunityScore?: number | string | null | undefined;

  /** Seconds since 1970, an ISO date-time with a zone, or a Date. */
  @EpochSeconds()
  createdUtc?: Date | string | number | null | undefined;

  redditScore?: number | bigint | string | null | undefined;

  numComments?: number | bigint | string | null | undefined;
}
