import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, IsUUID, Max, Min } from 'class-validator';
import type { LoadStatus } from 'harbor-storage';

const STATUSES: readonly LoadStatus[] = ['running', 'completed', 'failed', 'interrupted'];

export class LoadsQuery {
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  table?: string;

  @ApiPropertyOptional({ enum: STATUSES })
  @IsOptional()
  @IsIn(STATUSES)
  status?: LoadStatus;

  @ApiPropertyOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit: number = 50;

  /** `next` of the page before. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsUUID()
  after?: string;
}
