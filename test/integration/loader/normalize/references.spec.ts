import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Column,
  Entity,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  OneToOne,
  PrimaryColumn,
  RelationId,
} from 'typeorm';

import { OnUnknownFields } from '../../../../src/index.js';
import { emptyTables, quarantined } from '../../../support/app/quarantine.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { startAppWith } from '../../../support/entities/own-entities.js';

@Entity('shelf')
class Shelf {
  @PrimaryColumn('text')
  room: string;

  @PrimaryColumn('integer')
  no: number;
}

@Entity('author')
class Author {
  @PrimaryColumn('integer', { name: 'author_no' })
  no: number;

  @OneToMany(() => Book, ({ author }) => author)
  books: Book[];
}

/** Its key is a reference itself. */
@Entity('passport')
class Passport {
  @OneToOne(() => Author)
  @JoinColumn({ name: 'author_no' })
  author: Author;

  @PrimaryColumn('integer', { name: 'author_no' })
  holder: number;
}

@Entity('book')
@OnUnknownFields('discard')
class Book {
  @PrimaryColumn('text')
  id: string;

  @Column('integer', { name: 'author_id', nullable: true })
  authorId: number | null;

  @ManyToOne(() => Author, ({ books }) => books)
  @JoinColumn({ name: 'author_id' })
  author: Author | null;

  @ManyToOne(() => Author)
  @JoinColumn({ name: 'editor' })
  editor: Author | null;

  @RelationId(({ editor }: Book) => editor)
  editorNo: number | null;

  @ManyToOne(() => Passport)
  @JoinColumn({ name: 'passport' })
  passport: Passport | null;

  @Column('text', { name: 'shelf_room', default: 'a' })
  room: string;

  @ManyToOne(() => Shelf)
  @JoinColumn([
    { name: 'shelf_room', referencedColumnName: 'room' },
    { name: 'shelf_no', referencedColumnName: 'no' },
  ])
  shelf: Shelf | null;

  @ManyToOne(() => Book, { lazy: true })
  @JoinColumn({ name: 'sequel_of' })
  sequelOf: Promise<Book | null>;

  @ManyToMany(() => Author, { createForeignKeyConstraints: false })
  @JoinTable({ name: 'book_reader', joinColumn: { name: 'id' } })
  readers: Author[];
}

const COLUMNS = ['author_id', 'editor', 'passport', 'shelf_room', 'shelf_no', 'sequel_of'];

describe('a reference to another row', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Shelf, Author, Passport, Book]);
    await app.loader.load(Shelf, [{ room: 'a', no: 1 }]);
    await app.loader.load(Author, [{ no: 7 }, { no: 8 }]);
    await app.loader.load(Passport, [{ holder: 7 }]);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await emptyTables(app);
    await app.rows('DELETE FROM book');
  });

  const load = (...fields: object[]) =>
    app.loader.load(
      Book,
      fields.map((one, index) => ({ id: `b${index}`, ...one })),
    );
  const stored = () => app.rows(`SELECT ${COLUMNS.join(', ')} FROM book ORDER BY id`);
  const NONE = { author_id: null, editor: null, passport: null, shelf_room: 'a', shelf_no: null, sequel_of: null };

  it.each<[string, object, object]>([
    ['its key, by the property of the relation', { author: 7 }, { author_id: 7 }],
    ['an object with the key', { author: { no: 7 } }, { author_id: 7 }],
    ['a loaded entity', { author: Object.assign(new Author(), { no: 7, books: [{ id: 'x' }] }) }, { author_id: 7 }],
    ['both, where they agree', { author: { no: 7 }, authorId: '7', author_id: '7' }, { author_id: 7 }],
    ['null beside the column, as of a row that is soft-deleted', { author: null, authorId: 7 }, { author_id: 7 }],
    ['null', { author: null }, {}],
    ['a column of its own name', { editor: { no: 8 } }, { editor: 8 }],
    ['the key, by @RelationId', { editorNo: 8 }, { editor: 8 }],
    ['both, by @RelationId', { editorNo: 8, editor: { no: 8 } }, { editor: 8 }],
    ['a key that is a reference itself', { passport: { holder: 7 } }, { passport: 7 }],
    ['several columns', { shelf: { room: 'a', no: 1 } }, { shelf_no: 1 }],
    ['null of several, one of which is something else as well', { shelf: null }, {}],
    [
      'what TypeORM has loaded of a lazy one',
      { __sequelOf__: { id: 'b0' }, __has_sequelOf__: true },
      { sequel_of: 'b0' },
    ],
    ['rows of other tables, which the load does not write', { readers: [{ no: 7 }] }, {}],
  ])('may be given as %s', async (_, fields, expected) => {
    expect(await load(fields)).toMatchObject({ inserted: 1, rejected: 0, unknownFields: {} });
    expect(await stored()).toEqual([{ ...NONE, ...expected }]);
  });

  it('may be the key of a load, by its property', async () => {
    const passports = [{ author: { no: 7 } }];
    expect(await app.loader.load(Passport, passports, { primaryKey: 'author' })).toMatchObject({ unchanged: 1 });
    const shelf = { room: 'a', no: 1 };
    await app.rows('CREATE UNIQUE INDEX book_shelf ON book (shelf_room, shelf_no)');
    try {
      await load({ shelf });
      const books = [{ id: 'b0', shelf, editor: 8 }];
      expect(await app.loader.load(Book, books, { primaryKey: 'shelf' })).toMatchObject({ updated: 1 });
    } finally {
      await app.rows('DROP INDEX book_shelf');
    }
  });

  it('is cleared by null', async () => {
    await load({ author: 7, editor: 8, shelf: { room: 'a', no: 1 } });
    await load({ author: null, editor: null, shelf: null });
    expect(await stored()).toEqual([NONE]);
  });

  it.each<[string, string, object]>([
    ['missing_reference', 'author', { author: {} }],
    ['missing_reference', 'author', { author: { no: null } }],
    ['missing_reference', 'author', { author: { author_no: 7 } }],
    ['missing_reference', 'shelf', { shelf: { room: 'a' } }],
    ['conflicting_keys', 'author_id', { author: { no: 7 }, authorId: 8 }],
    ['conflicting_keys', 'author_id', { author: { no: 7 }, author_id: null }],
    ['conflicting_keys', 'editor', { editor: { no: 7 }, editorNo: 8 }],
    ['conflicting_keys', 'shelf_room', { shelf: { room: 'a', no: 1 }, room: 'b' }],
    ['unsupported_value', 'sequelOf', { sequelOf: Promise.resolve({ id: 'b0' }) }],
    ['wrong_type', 'shelf', { shelf: 1 }],
    ['wrong_type', 'author_id', { author: [7] }],
    ['wrong_type', 'author_id', { author: { no: 'seven' } }],
  ])('is never dropped: %s at %s', async (reason, column, fields) => {
    const result = await load(fields, {});
    expect(result).toMatchObject({ inserted: 1, rejected: 1 });
    expect(await quarantined(app, result.loadId)).toMatchObject([{ position: 0, reason, column }]);
  });
});
