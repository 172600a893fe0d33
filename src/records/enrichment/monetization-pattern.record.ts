import { IsNumber, IsOptional, IsString } from 'class-validator';

/** A record for `monetization_patterns`. Keys may be these property names or the column names (`submission_id`). */
export class MonetizationPatternRecord {
  @IsOptional()
  @IsString()
  submissionId?: string | null | undefined;

  @IsOptional()
  @IsString()
  model?: string | null | undefined;

  @IsOptional()
  @IsNumber()
  willingnessToPayScore?: number | string | null | undefined;

  @IsOptional()
  @IsString()
  pricePoint?: string | null | undefined;

  @IsOptional()
  @IsString()
  customerSegment?: string | null | undefined;

  @IsOptional()
  @IsNumber()
  confidence?: number | string | null | undefined;
}
