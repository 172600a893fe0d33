import { describe, expect, it } from '@jest/globals';
import { Column, Entity, ManyToOne, PrimaryColumn } from 'typeorm';

import { StorageModule } from '../../../src/index.js';
import { startStorageApp } from '../../support/app/storage-app.js';
import { errorOf } from '../../support/parity/faults.js';

@Entity('unregistered')
class Unregistered {
  @PrimaryColumn('text')
  id: string;
}

@Entity('referring')
class Referring {
  @PrimaryColumn('text')
  id: string;

  @ManyToOne(() => Unregistered)
  other: Unregistered;
}

@Entity('badly_typed')
class BadlyTyped {
  @PrimaryColumn('text')
  id: string;

  @Column('tinyint')
  level: number;
}

@Entity('circular_import')
class Circular {
  @PrimaryColumn('text')
  id: string;

  @ManyToOne(() => {
    throw new ReferenceError("Cannot access 'Later' before initialization");
  })
  later: unknown;
}

describe('an application with an entity that TypeORM cannot build', () => {
  it.each([
    ['a reference to an entity that is not registered', Referring, /Referring#other.*forFeature/],
    ['a type that Postgres does not have', BadlyTyped, /"tinyint" in "BadlyTyped.level"/],
    ['a circular import', Circular, /Cannot access 'Later' before initialization/],
  ])('fails at its start by what TypeORM says, and not as a connection: %s', async (_, entity, message) => {
    // Nest keeps the entities of a DataSource by its name.
    const { name } = entity;
    expect(await errorOf(startStorageApp({ name }, [StorageModule.forFeature([entity], { name })]))).toMatchObject({
      name: 'StorageError',
      code: 'ENTITIES_INVALID',
      message: expect.stringMatching(message),
      cause: expect.any(Error),
    });
  });
});
