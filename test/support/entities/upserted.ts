import {
  BeforeInsert,
  Column,
  CreateDateColumn,
  DeleteDateColumn,
  Entity,
  Index,
  JoinColumn,
  OneToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';

@Entity('members')
@Index(['email'], { unique: true })
@Index(['team', 'place'], { unique: true, where: '"place" IS NOT NULL' })
export class Member {
  @PrimaryGeneratedColumn('increment')
  id: number;

  @Column('text')
  email: string;

  @Column('text', { default: 'guest' })
  role: string;

  @Column('text', { nullable: true })
  team: string | null;

  @Column('integer', { nullable: true })
  place: number | null;

  @Column({ type: 'integer', nullable: true, update: false })
  joined: number | null;

  @Column({
    type: 'text',
    nullable: true,
    transformer: { to: (code?: string) => code?.toUpperCase(), from: (code: string | null) => code?.toLowerCase() },
  })
  code: string | null;

  @Column({ type: 'text', nullable: true, generatedType: 'STORED', asExpression: `"email" || '!'` })
  label: string;

  @CreateDateColumn()
  createdAt: Date;

  @UpdateDateColumn()
  updatedAt: Date;

  @DeleteDateColumn()
  deletedAt: Date | null;

  @VersionColumn()
  version: number;
}

export class Contact {
  @Column('text', { unique: true })
  email: string;

  @Column('text', { nullable: true })
  phone: string | null;
}

@Entity('customers')
export class Customer {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @Column(() => Contact)
  contact: Contact;
}

@Entity('seats')
export class Seat {
  @PrimaryColumn('text')
  line: string;

  @PrimaryColumn('integer')
  no: number;

  @Column({ type: 'text', update: false })
  guest: string;
}

@Entity('teams')
export class Team {
  @PrimaryColumn('integer')
  id: number;
}

@Entity('scores')
export class Score {
  @PrimaryGeneratedColumn('increment')
  id: number;

  @OneToOne(() => Team)
  @JoinColumn()
  team: Team;

  @Column('integer')
  points: number;
}

@Entity('mascots')
export class Mascot {
  @PrimaryColumn('integer')
  teamId: number;

  @OneToOne(() => Team)
  @JoinColumn({ name: 'teamId' })
  team: Team;

  @Column('text')
  name: string;
}

@Entity('heard')
export class Heard {
  @PrimaryColumn('integer')
  id: number;

  @Column('text')
  name: string;

  @BeforeInsert()
  hear(): void {
    this.name = 'heard';
  }
}

export const UPSERTED = [Member, Customer, Seat, Team, Score, Mascot, Heard];
