import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

import { CompetitorRecord } from '../../records/enrichment/competitor.record.js';
import { LoadsFrom } from '../../records/record-decorators.js';
import { LoadedRow } from '../loaded-row.js';

/** Competitors of a submission: one row a competitor. */
@Entity('competitive_landscape')
@LoadsFrom(() => CompetitorRecord)
@Index('competitive_landscape_load_id_idx', ['loadId'], { type: 'brin' })
export class CompetitorEntity extends LoadedRow {
  @PrimaryColumn({ name: 'submission_id', type: 'text', primaryKeyConstraintName: 'competitive_landscape_pkey' })
  submissionId: string;

  @PrimaryColumn({ name: 'competitor_name', type: 'text', primaryKeyConstraintName: 'competitive_landscape_pkey' })
  competitorName: string;

  @Column({ name: 'url', type: 'text', nullable: true })
  url: string | null;

  @Column({ name: 'strengths', type: 'jsonb', nullable: true })
  strengths: unknown;

  @Column({ name: 'weaknesses', type: 'jsonb', nullable: true })
  weaknesses: unknown;

  @Column({ name: 'pricing', type: 'jsonb', nullable: true })
  pricing: unknown;
}
