import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';

/** A table that refers to itself. */
@Entity('tree')
export class Node {
  @PrimaryColumn('integer')
  id: number;

  @ManyToOne(() => Node)
  @JoinColumn({ name: 'parent' })
  parent: Node | null;
}

/** A table with a second unique key. */
@Entity('places')
export class Place {
  @PrimaryColumn('integer')
  id: number;

  @Column('integer', { unique: true })
  u: number;
}
