import { IsNumber, IsOptional, IsString, Max, Min } from 'class-validator';

/** A record for `opportunity_scores`. Keys may be these property names or the column names (`submission_id`). */
export class OpportunityScoreRecord {
  @IsOptional()
  @IsString()
  submissionId?: string | null | undefined;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(100)
  marketDemand?: number | string | null | undefined;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(100)
  painIntensity?: number | string | null | undefined;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(100)
  monetizationPotential?: number | string | null | undefined;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(100)
  marketGap?: number | string | null | undefined;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(100)
  technicalFeasibility?: number | string | null | undefined;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(100)
  total?: number | string | null | undefined;

  scoredAt?: Date | string | null | undefined;

  @IsOptional()
  @IsString()
  method?: string | null | undefined;
}
