import {
  AfterLoad,
  BaseEntity,
  BeforeInsert,
  BeforeUpdate,
  ChildEntity,
  Column,
  CreateDateColumn,
  DeleteDateColumn,
  Entity,
  EntitySchema,
  type EntitySubscriberInterface,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  OneToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  RelationId,
  TableInheritance,
  Tree,
  TreeChildren,
  TreeParent,
  UpdateDateColumn,
  VersionColumn,
  ViewColumn,
  ViewEntity,
  VirtualColumn,
} from 'typeorm';

/** Every kind of column that TypeORM fills or reads in a way of its own. */
@Entity('feature_columns')
export class FeatureColumns extends BaseEntity {
  @PrimaryGeneratedColumn('identity', { name: 'row_no', generatedIdentity: 'ALWAYS' })
  rowNo: number;

  @Column('text', { name: 'the_text' })
  text: string;

  @Column({ type: 'text', nullable: true, select: false })
  secret: string | null;

  @Column({ type: 'text', default: 'by the database', insert: false })
  notInserted: string;

  @Column({ type: 'text', nullable: true, update: false })
  notUpdated: string | null;

  @Column({ type: 'text', generatedType: 'STORED', asExpression: 'upper(the_text)', nullable: true })
  loud: string;

  @VirtualColumn({
    query: (alias) => `SELECT count(*)::integer FROM feature_columns WHERE the_text = ${alias}.the_text`,
  })
  same: number;

  @Column('integer', {
    nullable: true,
    transformer: { to: (value?: number) => value && value * 100, from: (value: number | null) => value && value / 100 },
  })
  price: number | null;

  @Column({ type: 'enum', enum: ['new', 'old'], array: true, default: [] })
  moods: string[];

  @Column({ type: 'simple-enum', enum: ['a', 'b'], nullable: true })
  letter: string | null;

  @Column('simple-array', { nullable: true })
  list: string[] | null;

  @Column('simple-json', { nullable: true })
  json: unknown;

  @Column('timestamp', { default: () => `'2024-01-01 00:00:00.123456'` })
  local: Date;

  @Column('timestamptz', { default: () => `'2024-01-01 00:00:00.999999+00'`, nullable: true })
  moment: Date | null;

  @Column('date', { nullable: true })
  day: string | null;

  @Column('time', { nullable: true })
  time: string | null;

  @Column('jsonb', { nullable: true })
  data: unknown;

  @Column('bytea', { nullable: true })
  bytes: Buffer | null;

  @CreateDateColumn()
  made: Date;

  @UpdateDateColumn()
  changed: Date;

  @DeleteDateColumn()
  deleted: Date | null;

  @VersionColumn()
  version: number;
}

class Place {
  @Column('text', { nullable: true })
  city: string | null;

  @Column('text', {
    nullable: true,
    transformer: { to: (v?: string) => v?.toLowerCase(), from: (v?: string) => v?.toUpperCase() },
  })
  country: string | null;
}

class Tax {
  @Column('numeric', { nullable: true, precision: 10, scale: 2 })
  amount: string | null;

  @Column(() => Place)
  place: Place;

  @Column({ type: 'numeric', generatedType: 'STORED', asExpression: '"taxAmount" * 2', nullable: true })
  twice: string | null;

  @ManyToOne(() => Writer)
  @JoinColumn({ name: 'office', referencedColumnName: 'tag' })
  office: Writer | null;
}

@Entity('feature_writers')
export class Writer {
  @PrimaryColumn('text')
  realm: string;

  @PrimaryColumn('integer', { name: 'no' })
  number: number;

  @Column('integer', { unique: true, nullable: true })
  tag: number | null;

  @OneToMany(() => Story, ({ writer }) => writer)
  stories: Story[];

  @OneToOne(() => Badge, ({ writer }) => writer)
  badge: Badge | null;
}

/** Its key is a reference. */
@Entity('feature_badges')
export class Badge {
  @PrimaryColumn('text', { name: 'writer_realm' })
  writerRealm: string;

  @PrimaryColumn('integer', { name: 'writer_no' })
  writerNo: number;

  @OneToOne(() => Writer, ({ badge }) => badge)
  @JoinColumn([
    { name: 'writer_realm', referencedColumnName: 'realm' },
    { name: 'writer_no', referencedColumnName: 'number' },
  ])
  writer: Writer;
}

@Entity('feature_stories')
export class Story {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @ManyToOne(() => Writer, ({ stories }) => stories, { eager: true })
  writer: Writer | null;

  @Column('integer', { name: 'tag', nullable: true })
  tag: number | null;

  @ManyToOne(() => Writer)
  @JoinColumn({ name: 'tag', referencedColumnName: 'tag' })
  tagged: Writer | null;

  @RelationId(({ tagged }: Story) => tagged)
  taggedId: unknown;

  @ManyToOne(() => Badge)
  badge: Badge | null;

  @ManyToOne(() => Story, { lazy: true })
  before: Promise<Story | null>;

  @ManyToMany(() => Writer)
  @JoinTable({ name: 'feature_readers' })
  readers: Writer[];

  @Column(() => Tax)
  tax: Tax;
}

/** A tree by its parent only. */
@Entity('feature_folders')
export class Folder {
  @PrimaryGeneratedColumn()
  id: number;

  @TreeParent()
  parent: Folder | null;

  @TreeChildren()
  children: Folder[];
}

/** An entity without a class. */
export const Plain = new EntitySchema<{ id: string; note: string | null }>({
  name: 'Plain',
  tableName: 'feature_plain',
  columns: {
    id: { type: 'bigint', primary: true, generated: 'increment' },
    note: { type: 'text', name: 'the_note', nullable: true },
  },
});

abstract class TreeRow {
  @PrimaryGeneratedColumn()
  id: number;
}

@Entity('feature_paths')
@Tree('materialized-path')
export class PathTree extends TreeRow {
  @TreeParent()
  parent: PathTree | null;
  @TreeChildren()
  children: PathTree[];
}

@Entity('feature_sets')
@Tree('nested-set')
export class SetTree extends TreeRow {
  @TreeParent()
  parent: SetTree | null;
  @TreeChildren()
  children: SetTree[];
}

@Entity('feature_closures')
@Tree('closure-table')
export class ClosureTree extends TreeRow {
  @TreeParent()
  parent: ClosureTree | null;
  @TreeChildren()
  children: ClosureTree[];
}

@Entity('feature_animals')
@TableInheritance({ column: { name: 'kind', type: 'text' } })
export class Animal extends TreeRow {}

@ChildEntity()
export class Cat extends Animal {
  @Column('text', { nullable: true })
  purr: string | null;
}

@ViewEntity('feature_view', { expression: 'SELECT id FROM feature_folders' })
export class FolderView {
  @ViewColumn()
  id: number;
}

/** TypeORM runs code of its own for it. */
@Entity('feature_listened')
export class Listened {
  @PrimaryColumn('integer')
  id: number;

  @BeforeInsert()
  @BeforeUpdate()
  setSlug(): void {}

  @AfterLoad()
  readMore(): void {}
}

export class ListenedSubscriber implements EntitySubscriberInterface<Listened> {
  listenTo(): typeof Listened {
    return Listened;
  }
  afterInsert(): void {}
}
