import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, VersionColumn } from 'typeorm';

/** A column of each kind TypeORM and Postgres write differently. */
@Entity('kinds')
export class Kinds {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id: string;

  @PrimaryGeneratedColumn('uuid')
  uid: string;

  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  counter: number;

  @Column('char')
  flag: string;

  @Column('numeric', { precision: 10, default: -1.5 })
  amount: string;

  @Column('bigint', { default: 5 })
  big: string;

  @Column({ type: 'timestamptz', precision: 3, default: () => 'CURRENT_TIMESTAMP' })
  seen: Date;

  @Column('timestamp', { nullable: true })
  local: Date | null;

  @Column('time', { precision: 2, nullable: true })
  at: string | null;

  @Column({ type: 'text', array: true, default: [] })
  tags: string[];

  @Column('jsonb', { default: { a: [1, "it's"] } })
  setup: object;

  @Column('boolean', { default: true })
  on: boolean;

  @Column('enum', { enum: ['Good', 'bad'], default: 'Good', enumName: 'Mood' })
  mood: string;

  @Column('text', { default: () => `'it''s (not) now()::text'` })
  words: string;

  @Column('simple-array', { nullable: true })
  list: string[] | null;

  @Column('simple-json', { nullable: true })
  json: object | null;

  @Column({ type: 'text', generatedType: 'STORED', asExpression: 'upper(words)' })
  loud: string;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt: Date;

  @VersionColumn()
  version: number;
}
