import { IsOptional, IsString } from 'class-validator';

/** A record for `competitive_landscape`. Keys may be these property names or the column names (`submission_id`). */
export class CompetitorRecord {
  @IsOptional()
  @IsString()
  submissionId?: string | null | undefined;

  @IsOptional()
  @IsString()
  competitorName?: string | null | undefined;

  @IsOptional()
  @IsString()
  url?: string | null | undefined;

  strengths?: unknown;

  weaknesses?: unknown;

  pricing?: unknown;
}
