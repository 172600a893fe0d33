import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsDate, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';

import { FeedbackRecord } from './feedback.record.js';

export class FeedbackQuery {
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  product?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(5)
  minRating?: number;

  /** Sent at or after this time. */
  @ApiPropertyOptional()
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  since?: Date;

  @ApiPropertyOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit: number = 50;

  /** `next` of the page before. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  after?: string;
}

/** Stored feedback: what was sent, and what came with it. */
export class FeedbackItem extends FeedbackRecord {
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  extra!: Record<string, unknown> | null;
  @ApiProperty()
  updatedAt!: Date;
}

/** Newest first. */
export class FeedbackPage {
  @ApiProperty({ type: [FeedbackItem] })
  items!: FeedbackItem[];
  /** Give it as `after` for the page that follows; null on the last one. */
  @ApiProperty({ type: 'string', nullable: true })
  next!: string | null;
}

/** What became of one record. */
export class StoredFeedback {
  @ApiProperty()
  id!: string;
  @ApiProperty({ enum: ['inserted', 'updated', 'unchanged', 'duplicate'] })
  outcome!: 'inserted' | 'updated' | 'unchanged' | 'duplicate';
}

/** A line of an import that was rejected. It stays in quarantine under this id. */
export class RejectedLine {
  @ApiProperty()
  id!: string;
  /** From 0. */
  @ApiProperty()
  position!: number;
  /** The id of the feedback, if the line has one that can be read. */
  @ApiProperty({ type: 'string', nullable: true })
  key!: string | null;
  @ApiProperty()
  reason!: string;
  @ApiProperty({ type: 'string', nullable: true })
  column!: string | null;
  @ApiProperty()
  message!: string;
}

/** Every line is in exactly one of the counts. */
export class ImportResult {
  @ApiProperty()
  loadId!: string;
  /** No line was rejected, and none failed. */
  @ApiProperty()
  ok!: boolean;
  /** An import with this Idempotency-Key was completed before: these are its counts. */
  @ApiProperty()
  alreadyCompleted!: boolean;
  @ApiProperty()
  received!: number;
  @ApiProperty()
  inserted!: number;
  @ApiProperty()
  updated!: number;
  @ApiProperty()
  unchanged!: number;
  @ApiProperty()
  duplicates!: number;
  @ApiProperty()
  skipped!: number;
  @ApiProperty()
  rejected!: number;
  @ApiProperty()
  failed!: number;
  @ApiProperty({ type: [RejectedLine] })
  rejects!: RejectedLine[];
}
