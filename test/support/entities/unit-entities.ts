import { IsInt, IsOptional, Max, MaxLength, ValidateIf } from 'class-validator';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

import {
  Aliases,
  EpochSeconds,
  ExtraFields,
  FillsFrom,
  LoadId,
  LoadsFrom,
  NewerBy,
  Preserved,
  SkipWhenAbsent,
  UpdatedAt,
} from '../../../src/index.js';

/** What comes in for {@link Article}. */
class ArticleRecord {
  @Aliases('sku', 'ean')
  articleId: string;

  @SkipWhenAbsent()
  shop: string;

  @IsOptional()
  @MaxLength(8)
  label?: string | null;

  @FillsFrom('label', 'caption')
  shortName?: string | null;

  @IsOptional()
  @IsInt()
  @Max(100)
  stock?: number | null;

  @ValidateIf((record: ArticleRecord) => record.stock === 0)
  @MaxLength(2)
  remark?: string | null;

  @EpochSeconds()
  seenAt?: number | null;
}

/** An entity with every role a column can have. */
@Entity('articles')
@LoadsFrom(() => ArticleRecord)
@Index(['label'], { unique: true })
export class Article {
  @PrimaryColumn('text', { name: 'article_id' })
  articleId: string;

  @Column('text')
  shop: string;

  @Column('text', { nullable: true })
  label: string | null;

  @Column('text', { name: 'short_name', nullable: true })
  shortName: string | null;

  @Column('integer', { nullable: true, default: 0 })
  stock: number | null;

  @Preserved()
  @Column('double precision', { nullable: true })
  rating: number | null;

  @Column('text', { nullable: true })
  remark: string | null;

  @Column('json', { nullable: true })
  details: unknown;

  @NewerBy()
  @Column('timestamptz', { name: 'seen_at', nullable: true })
  seenAt: Date | null;

  @Column({ type: 'integer', generatedType: 'STORED', asExpression: 'stock * 2', nullable: true })
  doubled: number | null;

  @ExtraFields()
  @Column('jsonb', { nullable: true })
  rest: unknown;

  @LoadId()
  @Column('uuid', { name: 'load_id', nullable: true })
  loadId: string | null;

  @UpdatedAt()
  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt: Date;
}

/** An entity whose key the database makes. */
@Entity('notes')
export class Note {
  @PrimaryColumn('uuid', { default: () => 'gen_random_uuid()' })
  id: string;

  @Column('text', { nullable: true })
  remark: string | null;
}
