import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';

import { ExtraFields, LoadId } from '../../../src/index.js';

/** Rows that loads delete. */
@Entity('accounts')
@Unique(['email'])
export class Account {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  email: string | null;

  @Column('integer', { default: 0 })
  n: number;

  @Column('boolean', { name: 'is_closed', nullable: true })
  closed: boolean | null;

  @ExtraFields()
  @Column('jsonb', { nullable: true })
  extra: object | null;

  @LoadId()
  @Column('uuid', { nullable: true })
  load: string | null;
}

/** Refers to accounts. */
@Entity('account_notes')
export class Note {
  @PrimaryColumn('integer')
  id: number;

  @ManyToOne(() => Account)
  @JoinColumn({ name: 'account_id' })
  account: Account | null;
}

/** Refers to itself. */
@Entity('folders')
export class Folder {
  @PrimaryColumn('text')
  id: string;

  @ManyToOne(() => Folder)
  @JoinColumn({ name: 'parent_id' })
  parent: Folder | null;
}

/** Enough records for COPY. */
export const MANY = 250;
export const many = (prefix: string, more: object = {}) =>
  Array.from({ length: MANY }, (_, index) => ({ id: `${prefix}${index}`, ...more }));
