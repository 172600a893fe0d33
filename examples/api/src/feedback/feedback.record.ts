import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

/**
 * What a client sends, one at a time or in a file. The loader applies these rules to both, so that a record that breaks one
 * is kept in quarantine with its reason. Fields without a column are kept, too: in `extra`.
 */
export class FeedbackRecord {
  /** Chosen by the client, so that sending again changes nothing. */
  @ApiProperty({ maxLength: 64, example: 'fb-1' })
  @IsString()
  @MaxLength(64)
  id!: string;

  @ApiProperty({ maxLength: 64, example: 'shift-planner' })
  @IsString()
  @MaxLength(64)
  product!: string;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: 5, example: 4 })
  @IsInt()
  @Min(1)
  @Max(5)
  rating!: number;

  @ApiPropertyOptional({ type: 'string', maxLength: 4000, nullable: true })
  @IsOptional()
  @IsString()
  @MaxLength(4000)
  comment?: string | null;

  /** ISO 8601 with a time zone. */
  @ApiProperty({ type: 'string', format: 'date-time', example: '2026-11-26T10:00:00Z' })
  sentAt!: string | Date;
}
