import { IsNumber, IsOptional, IsString } from 'class-validator';

import { Aliases, EpochSeconds, FillsFrom, SkipWhenAbsent } from './record-decorators.js';

/** What comes in for `submissions`. Keys may be these property names or the column names (`submission_id`). */
export class ProfileRecord {
  @SkipWhenAbsent()
  @Aliases('reddit_id')
  submissionId: string;

  @IsOptional()
  @IsString()
  @FillsFrom('submission_id')
  redditId?: string | null;

  @IsOptional()
  @IsString()
  title?: string | null;

  @IsOptional()
  @IsString()
  selftext?: string | null;

  @IsOptional()
  @IsString()
  author?: string | null;

  @IsOptional()
  @IsString()
  subreddit?: string | null;

  @IsOptional()
  @IsString()
  url?: string | null;

  aiProfile?: unknown;

  @IsOptional()
  @IsNumber()
  trustScore?: number | null;

  @IsOptional()
  @IsString()
  trustLevel?: string | null;

  marketValidation?: unknown;

  @IsOptional()
  @IsNumber()
  marketValidationScore?: number | null;

  @IsOptional()
  @IsNumber()
  opportunityScore?: number | null;

  /** Seconds since 1970, an ISO date-time with a zone, or a Date. */
  @EpochSeconds()
  createdUtc?: Date | string | number | null;

  redditScore?: number | bigint | null;

  numComments?: number | bigint | null;
}
