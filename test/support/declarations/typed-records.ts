import { Column, Entity, JoinColumn, ManyToOne, OneToMany, PrimaryColumn } from 'typeorm';

import type {
  EntityLoader,
  HybridStoreService,
  InEitherCase,
  LoaderService,
  LoadRecord,
  OpportunityRecord,
  OpportunityRepository,
  ProfileRepository,
  readRecords,
} from '../../../src/index.js';
import { OpportunityEntity, SubmissionEntity } from '../../../src/index.js';

// What compiles and what does not. `npm run types` checks it; typed-records.spec.ts also compares the messages.

enum Level {
  Low = 1,
}

enum Kind {
  Novel = 'novel',
}

class Print {
  @Column({ type: 'text', nullable: true })
  paper: string | null;

  @Column({ type: 'integer' })
  pages: number;
}

class Money {
  private readonly cents: number;

  toString(): string {
    return String(this.cents);
  }
}

@Entity('authors')
class Author {
  @PrimaryColumn({ type: 'bigint' })
  id: string;

  @Column({ type: 'text' })
  name: string;

  @OneToMany(() => Book, ({ author }: Book) => author)
  books: Book[];
}

@Entity('books')
class Book {
  @PrimaryColumn({ type: 'bigint' })
  id: string;

  @Column({ type: 'text' })
  title: string;

  @Column({ type: 'double precision', nullable: true })
  score: number | null;

  @Column({ type: 'bigint' })
  sold: bigint;

  @Column({ type: 'boolean' })
  inPrint: boolean;

  @Column({ type: 'timestamptz' })
  seenAt: Date;

  @Column({ type: 'date' })
  day: string;

  @Column({ type: 'enum', enum: Kind })
  kind: Kind;

  @Column({ type: 'enum', enum: Kind, array: true })
  kinds: Kind[];

  @Column({ type: 'integer' })
  level: Level;

  @Column({ type: 'text' })
  state: 'draft' | 'done';

  @Column({ type: 'integer', array: true, nullable: true })
  numbers: number[] | null;

  @Column({ type: 'bytea' })
  cover: Buffer;

  @Column({ type: 'jsonb' })
  data: unknown;

  @Column({ type: 'jsonb', nullable: true })
  extra: Record<string, unknown> | null;

  @Column({ type: 'jsonb' })
  settings: { theme: string; sizes?: number[] };

  @Column({ type: 'text', transformer: { from: () => new Money(), to: String } })
  price: Money;

  @Column(() => Print)
  print: Print;

  @ManyToOne(() => Author, ({ books }: Author) => books)
  @JoinColumn({ name: 'author_id' })
  author: Author | null;

  @ManyToOne(() => Author, { lazy: true })
  editor: Promise<Author>;

  shout(): string {
    return this.title.toUpperCase();
  }

  readonly whisper = (): string => this.title;
}

declare const books: EntityLoader<Book>;
declare const loaders: LoaderService;
declare const hybrid: HybridStoreService;
declare const opportunities: OpportunityRepository;
declare const profiles: ProfileRepository;
declare const fromFile: ReturnType<typeof readRecords>;
declare const book: Book;
declare const anything: object[];
declare const wrong: { titel: number }[];

/** Every form that a column takes. */
export const forms: LoadRecord<Book>[] = [
  {
    id: '1',
    score: 1,
    sold: 1n,
    inPrint: true,
    seenAt: new Date(),
    kind: Kind.Novel,
    level: Level.Low,
    price: new Money(),
  },
  { id: 1, score: '1.5', sold: '1', inPrint: 'true', seenAt: '2024-01-01T00:00:00Z', day: new Date(), kind: 'novel' },
  { id: 1n, score: 1n, sold: 1, level: 1, state: 'done', kinds: ['novel', Kind.Novel], numbers: [1, '2', 3n] },
  { score: null, numbers: null, author: null, extra: null, title: undefined, cover: String.raw`\x00` },
  { cover: new Uint8Array(1), data: [1, { a: null }], extra: { colour: 'red' }, settings: { theme: 'dark' } },
  { author: 7, editor: '7', print: { pages: 3 } },
  { author: { id: '7' }, editor: { id: 7 }, print: { paper: null } },
  book,
];

/** Calls that compile. */
export async function right(): Promise<void> {
  await books.load(forms);
  await books.load(new Set([{ id: 1 }]));
  await books.load([book]);
  await books.load(anything);
  await books.loadBatch(fromFile);
  await books.loadBatch(forms.values());
  await books.untyped().load(wrong);
  await books.untyped().loadBatch([{ titel: 1 }]);
  await loaders.load(Book, [{ id: 1, title: 'a' }]);
  await loaders.load('books', [{ titel: 1 }]);
  await loaders.load(Book, forms);
  await loaders.for(Book).load([{ title: 'a' }]);
  await loaders.for('books').load(wrong);
  await loaders.for<Book, { titel: number }>(Book).load(wrong);
  await loaders.for<Book, InEitherCase<LoadRecord<Book>>>(Book).load([{ seen_at: '2024-01-01', in_print: true }]);
  await loaders.load(SubmissionEntity, [{ submission_id: 'a', createdUtc: 1 }]);
  await loaders.load(OpportunityEntity, [{ submissionId: 'a', problem_description: 'p' }]);
  await hybrid.store([{ submission_id: 'a', total_score: '1.5', created_utc: 1, extra: { mood: 'x' } }]);
  await hybrid.store([{ submissionId: 'a', totalScore: 1.5, createdUtc: new Date() }]);
  await hybrid.untyped().storeBatch([{ mood: 1 }]);
  await opportunities.store([new OpportunityEntity()]);
  await opportunities.store([{} as OpportunityRecord]);
  await opportunities.storeBatch(fromFile);
  await opportunities.untyped().store(wrong);
  await profiles.store([new SubmissionEntity(), { reddit_score: 1n }]);
}

/** Each line that follows an expectation is an error, whose message contains the text in quotes. */
export async function mistakes(): Promise<void> {
  // @ts-expect-error: "'titel' does not exist in type 'LoadRecord<Book>'. Did you mean to write 'title'?"
  await books.load([{ titel: 1 }]);
  // @ts-expect-error: "'titel' does not exist in type 'LoadRecord<Book>'"
  await books.loadBatch([{ id: 1, titel: 1 }]);
  // @ts-expect-error: "has no properties in common with type 'LoadRecord<Book>'"
  await books.load(wrong);
  // @ts-expect-error: "has no properties in common with type 'LoadRecord<Book>'"
  await books.loadBatch(wrong.values());
  // @ts-expect-error: "'seen_at' does not exist in type 'LoadRecord<Book>'"
  await books.load([{ seen_at: '2024-01-01' }]);
  // @ts-expect-error: "'shout' does not exist in type 'LoadRecord<Book>'"
  await books.load([{ shout: () => '' }]);
  // @ts-expect-error: "'whisper' does not exist in type 'LoadRecord<Book>'"
  await books.load([{ whisper: () => '' }]);
  // @ts-expect-error: "'naem' does not exist in type 'Author | LoadRecord<Author>'"
  await books.load([{ author: { naem: 1 } }]);
  // @ts-expect-error: "'papers' does not exist in type 'Print | LoadRecord<Print>'"
  await books.load([{ print: { papers: 1 } }]);
  // @ts-expect-error: "Type 'null' is not assignable"
  await books.load([{ title: null }]);
  // @ts-expect-error: "Type 'number' is not assignable to type 'string | Date | undefined'"
  await books.load([{ seenAt: 1 }]);
  // @ts-expect-error: "Type '\"poem\"' is not assignable to type '\"novel\" | Kind | undefined'"
  await books.load([{ kind: 'poem' }]);
  // @ts-expect-error: "Type 'string' is not assignable to type 'readonly (string | number | bigint)[]"
  await books.load([{ numbers: '1' }]);
  // @ts-expect-error: "is not assignable to type 'boolean | \"true\" | \"false\" | undefined'"
  await books.load([{ inPrint: 'yes' }]);
  // @ts-expect-error: "'AsyncGenerator"
  await books.load((async function* () {})());
  // @ts-expect-error: "'titel' does not exist in type 'LoadRecord<Book>'"
  await loaders.load(Book, [{ titel: 1 }]);
  // @ts-expect-error: "'titel' does not exist in type 'LoadRecord<Book>'"
  await loaders.loadBatch(Book, [{ titel: 1 }]);
  // @ts-expect-error: "'titel' does not exist in type 'LoadRecord<Book>'"
  await loaders.for(Book).load([{ titel: 1 }]);
  // @ts-expect-error: "'titel' does not exist in type 'ProfileInput'. Did you mean to write 'title'?"
  await loaders.load(SubmissionEntity, [{ titel: 1 }]);
  // @ts-expect-error: "'titel' does not exist in type 'HybridRecord'. Did you mean to write 'title'?"
  await hybrid.store([{ titel: 1 }]);
  // @ts-expect-error: "'problem_descripton' does not exist in type 'HybridRecord'"
  await hybrid.storeBatch([{ submission_id: 'a', problem_descripton: 'p' }]);
  // @ts-expect-error: "'titel' does not exist in type 'OpportunityInput'"
  await opportunities.store([{ titel: 1 }]);
  // @ts-expect-error: "Type 'number' is not assignable to type 'string'"
  await opportunities.store([{ submission_id: 'a', title: 1 }]);
  // @ts-expect-error: "'selftext' does not exist in type 'OpportunityInput'"
  await opportunities.storeBatch([{ submission_id: 'a', selftext: 'x' }]);
  // @ts-expect-error: "'submissionid' does not exist in type 'ProfileInput'"
  await profiles.store([{ submissionid: 'a' }]);
  // @ts-expect-error: "has no properties in common with type 'ProfileInput'"
  await profiles.storeBatch(wrong);
}
