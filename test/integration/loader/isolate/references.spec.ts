import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';

import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

@Entity('shelves')
class Shelf {
  @PrimaryColumn('text')
  room: string;

  @PrimaryColumn('integer')
  no: number;
}

@Entity('books')
class Book {
  @PrimaryColumn('text')
  id: string;

  @ManyToOne(() => Shelf)
  @JoinColumn([
    { name: 'shelf_room', referencedColumnName: 'room' },
    { name: 'shelf_no', referencedColumnName: 'no' },
  ])
  shelf: Shelf | null;

  @ManyToOne(() => Book)
  @JoinColumn({ name: 'sequel_of' })
  sequelOf: Book | null;
}

describe('an entity with references', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Shelf, Book]);
    await app.loader.load(Shelf, [{ room: 'a', no: 1 }]);
  });
  afterAll(() => app.close());
  beforeEach(() => app.rows('TRUNCATE books'));

  const load = (...books: object[]) => app.loader.load(Book, books);

  it('takes one of several columns by the names of the columns', async () => {
    const result = await load({ id: 'x', shelf_room: 'a', shelf_no: 1 }, { id: 'y', shelf_room: 'a', shelf_no: 2 });
    expect(result).toMatchObject({ inserted: 1, rejects: [{ position: 1, reason: '23503' }] });
    const books = await app.dataSource.getRepository(Book).find({ relations: { shelf: true } });
    expect(books).toMatchObject([{ id: 'x', shelf: { room: 'a', no: 1 } }]);
    expect(await load({ id: 'z', shelf: { room: 'a', no: 1 } })).toMatchObject({ inserted: 1 });
  });

  it('takes one of a single column by the name of the column or of the property', async () => {
    expect(await load({ id: 'x' }, { id: 'y', sequelOf: 'x' }, { id: 'z', sequel_of: 'y' })).toMatchObject({
      inserted: 3,
    });
    expect(await app.rows('SELECT id, sequel_of FROM books ORDER BY id')).toEqual([
      { id: 'x', sequel_of: null },
      { id: 'y', sequel_of: 'x' },
      { id: 'z', sequel_of: 'y' },
    ]);
  });
});
