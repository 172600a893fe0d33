import { Column, Entity, PrimaryColumn } from 'typeorm';

import { ExtraFields } from '../../../src/index.js';

/** Text that would run code in a page which does not escape it; TypeORM cannot make a table whose name has a quote. */
export const TAGS = '<img src=x onerror=hacked(1)>';

/** A table of the application. */
@Entity('prices')
export class Price {
  @PrimaryColumn('text')
  id: string;

  @Column('integer')
  amount: number;

  @ExtraFields()
  @Column('jsonb', { nullable: true })
  extra: object | null;
}

/** A table whose names attack the page. */
@Entity(TAGS)
class Attack {
  @PrimaryColumn('text')
  id: string;

  @Column('integer', { name: `${TAGS}column`, nullable: true })
  attacked: number | null;

  @ExtraFields()
  @Column('jsonb', { nullable: true })
  extra: object | null;
}

export const SiteEntities = [Price, Attack];
