import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EntityTarget, FindManyOptions, ObjectLiteral, Repository } from 'typeorm';

import { OpportunityEntity, SubmissionEntity } from '../../../../src/index.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { Badge, FeatureColumns, Folder, Plain, Story, Writer } from '../../../support/entities/features.js';
import { Kinds } from '../../../support/entities/kinds.entity.js';
import { startAppWith } from '../../../support/entities/own-entities.js';

const MOMENT = new Date('2024-02-29T12:00:00.123Z');

describe('what TypeORM reads can be loaded again, and changes nothing', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Kinds, FeatureColumns, Writer, Badge, Story, Folder, Plain as never]);
    const { manager } = app.dataSource;
    await manager.save(Kinds, [
      { flag: 'a', words: 'w' },
      { flag: 'b', words: 'x', list: ['a', 'b'], json: { a: [1] } },
    ]);
    await manager.save(FeatureColumns, [
      { text: 'a' },
      {
        text: 'b',
        secret: 's',
        notUpdated: 'n',
        price: 1.5,
        moods: ['new', 'old'],
        letter: 'a',
        list: ['x', 'y'],
        json: { a: 'text' },
        moment: MOMENT,
        local: MOMENT,
        day: '2024-02-29',
        time: '12:00:00.5',
        data: { a: [1, null, { b: 'c' }] },
        bytes: Buffer.from([0, 255]),
        deleted: MOMENT,
      },
      { text: 'c', moment: null, data: [] },
    ]);
    const writers = await manager.save(Writer, [
      { realm: 'a', number: 1, tag: 5 },
      { realm: 'b', number: 2, tag: null },
    ]);
    const [writer] = writers as [Writer, Writer];
    const badge = await manager.save(Badge, { writerRealm: 'a', writerNo: 1 });
    const first = await manager.save(Story, {
      tax: { amount: '1.50', place: { city: 'Oslo', country: 'NO' }, office: writer },
    });
    await manager.save(Story, [
      { writer, tag: 5, badge, readers: writers, tax: {} },
      Object.assign(manager.create(Story, { writer: writers[1] as Writer }), { before: Promise.resolve(first) }),
    ]);
    const root = await manager.save(Folder, manager.create(Folder, {}));
    await manager.save(Folder, { parent: { id: root.id } });
    await manager.save(Plain, [{ note: 'x' }, { note: null }]);
    await app.profiles.untyped().store([{ submission_id: 'a', title: 't', created_utc: 1.5, mood: 'x' }]);
    await app.loader.load(OpportunityEntity, [{ submission_id: 'a', problem_description: 'p', opportunity_score: 1 }]);
  });
  afterAll(() => app.close());

  const CASES: readonly [string, EntityTarget<ObjectLiteral>, FindManyOptions?][] = [
    ['three keys that the database makes', Kinds],
    ['every kind of column', FeatureColumns],
    ['rows that are deleted softly', FeatureColumns, { withDeleted: true }],
    ['columns that are not selected', FeatureColumns, { select: { rowNo: true, secret: true } as object }],
    ['references, eager and lazy', Story],
    [
      'references that were loaded',
      Story,
      { relations: { tagged: true, badge: { writer: true }, tax: { office: true } } as object },
    ],
    [
      'a lazy reference that was loaded, and rows of other tables',
      Story,
      { relations: { before: true, readers: true } as object },
    ],
    ['inverse sides', Writer, { relations: { stories: true, badge: true } as object }],
    ['a key that is a reference', Badge, { relations: { writer: { stories: true } } as object }],
    ['a tree by its parent', Folder, { relations: { parent: true, children: true } as object }],
    ['an entity without a class', Plain],
    ['this package', SubmissionEntity],
    ['this package, the other table', OpportunityEntity],
  ];

  it.each(CASES)('%s', async (_, entity, options = {}) => {
    const repository: Repository<ObjectLiteral> = app.dataSource.getRepository(entity);
    const state = () =>
      app.rows(`SELECT t.xmin, t.ctid, t::text FROM ${repository.metadata.tableName} AS t ORDER BY 3`);
    const before = await state();
    const found = await repository.find(options);
    const result = await app.loader.load(entity, found);
    expect(result.rejects).toEqual([]);
    expect(result).toMatchObject({ received: found.length, unchanged: found.length, unknownFields: {} });
    expect(found.length).toBeGreaterThan(0);
    expect(await state()).toEqual(before);
    expect(before.length).toBeGreaterThan(0);
  });
});
