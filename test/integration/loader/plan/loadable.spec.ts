import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import type { StorageApp } from '../../../support/app/storage-app.js';
import {
  Animal,
  Badge,
  Cat,
  ClosureTree,
  Folder,
  FolderView,
  Listened,
  ListenedSubscriber,
  PathTree,
  SetTree,
  Story,
  Writer,
} from '../../../support/entities/features.js';
import { startAppWith } from '../../../support/entities/own-entities.js';

@Entity('masked')
class Masked {
  @PrimaryColumn('integer')
  id: number;

  @Column('text', { name: 'harbor mask' })
  mask: string;
}

describe('an entity', () => {
  let app: StorageApp;
  beforeAll(async () => {
    const entities = [
      Animal,
      Cat,
      ClosureTree,
      PathTree,
      SetTree,
      Folder,
      FolderView,
      Listened,
      Writer,
      Badge,
      Story,
      Masked,
    ];
    app = await startAppWith(entities);
  });
  afterAll(() => app.close());

  it.each<[string, unknown, RegExp]>([
    ['a view', FolderView, /^FolderView cannot be loaded: it is a view, .* Load the entities that the view reads$/],
    [
      'a parent of several entities',
      Animal,
      /^Animal .* feature_animals holds several entities .* column kind, which a load/,
    ],
    ['one of several entities of a table', Cat, /^Cat .* without @TableInheritance and with kind as a column$/],
    ['a closure table', ClosureTree, /ancestors of each row in the table feature_closures_closure, .* without @Tree$/],
    ['a materialized path', PathTree, /^PathTree .* materialized-path: TypeORM computes mpath of each row/],
    ['a nested set', SetTree, /nested-set: TypeORM computes nsleft and nsright of each row/],
    [
      'a column of a reserved name',
      Masked,
      /^Masked .* begin with "harbor " are reserved .* Rename the column "harbor mask"$/,
    ],
    ['a table of TypeORM', 'feature_readers', /TypeORM keeps its table feature_readers itself, for a relation/],
  ])('is refused when the plan is built, with a way out: %s', async (_, target, message) => {
    await expect(app.loader.load(target as typeof Cat, [{ id: 1 }])).rejects.toMatchObject({
      name: 'InvalidLoadError',
      message: expect.stringMatching(message),
    });
  });

  it('with listeners is loaded without them, which is said once', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    app.dataSource.subscribers.push(new ListenedSubscriber());
    try {
      await app.loader.load(Listened, [{ id: 1 }]);
      await app.rows('ALTER TABLE feature_listened ADD COLUMN more text');
      await app.loader.load(Listened, [{ id: 2 }]);
      expect(warn.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('listeners'))).toEqual([
        'Loads of Listened do not run its listeners: @BeforeUpdate setSlug, @BeforeInsert setSlug, ' +
          'ListenedSubscriber.afterInsert',
      ]);
    } finally {
      warn.mockRestore();
    }
  });
});
