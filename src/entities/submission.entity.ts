import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

import { LoadsFrom } from '../records/record-decorators.js';
import { ProfileRecord } from '../records/profile.record.js';
import { Preserved } from './column-roles.js';
import { LoadedRow } from './loaded-row.js';

/** A Reddit post with its enrichment: table `submissions`. Scores are double precision. */
@Entity('submissions')
@LoadsFrom(() => ProfileRecord)
@Index('submissions_subreddit_idx', ['subreddit'])
@Index('submissions_opportunity_score_idx', ['opportunityScore'])
@Index('submissions_load_id_idx', ['loadId'], { type: 'brin' })
export class SubmissionEntity extends LoadedRow {
  @PrimaryColumn({ name: 'submission_id', type: 'text', primaryKeyConstraintName: 'submissions_pkey' })
  submissionId: string;

  @Column({ name: 'reddit_id', type: 'text' })
  redditId: string;

  @Column({ name: 'title', type: 'text', nullable: true })
  title: string | null;

  @Column({ name: 'selftext', type: 'text', nullable: true })
  selftext: string | null;

  @Column({ name: 'author', type: 'text', nullable: true })
  author: string | null;

  @Column({ name: 'subreddit', type: 'text', nullable: true })
  subreddit: string | null;

  @Column({ name: 'url', type: 'text', nullable: true })
  url: string | null;

  @Column({ name: 'ai_profile', type: 'jsonb', nullable: true })
  aiProfile: unknown;

  @Preserved()
  @Column({ name: 'trust_score', type: 'double precision', nullable: true })
  trustScore: number | null;

  @Preserved()
  @Column({ name: 'trust_level', type: 'text', nullable: true })
  trustLevel: string | null;

  @Column({ name: 'market_validation', type: 'jsonb', nullable: true })
  marketValidation: unknown;

  @Column({ name: 'market_validation_score', type: 'double precision', nullable: true })
  marketValidationScore: number | null;

  @Column({ name: 'opportunity_score', type: 'double precision', nullable: true })
  opportunityScore: number | null;

  @Column({ name: 'created_utc', type: 'timestamptz', nullable: true })
  createdUtc: Date | null;

  /** A bigint: TypeORM reads it as a string, so no digit is lost. */
  @Column({ name: 'reddit_score', type: 'bigint', nullable: true })
  redditScore: string | null;

  @Column({ name: 'num_comments', type: 'bigint', nullable: true })
  numComments: string | null;
}
