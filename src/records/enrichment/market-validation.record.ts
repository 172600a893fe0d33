import { IsInt, IsNumber, IsOptional, IsString, Min } from 'class-validator';

/** A record for `market_validations`. Keys may be these property names or the column names (`submission_id`). */
export class MarketValidationRecord {
  @IsOptional()
  @IsString()
  submissionId?: string | null | undefined;

  @IsOptional()
  @IsString()
  source?: string | null | undefined;

  @IsOptional()
  @IsNumber()
  score?: number | string | null | undefined;

  @IsOptional()
  @IsInt()
  @Min(0)
  competitorCount?: number | string | null | undefined;

  @IsOptional()
  @IsString()
  marketSize?: string | null | undefined;

  evidence?: unknown;

  validatedAt?: Date | string | null | undefined;
}
