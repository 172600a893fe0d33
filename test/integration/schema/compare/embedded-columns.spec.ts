import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { CapturedBefore, ExtraFields, SchemaService } from '../../../../src/index.js';
import { startAppWith } from '../../../support/entities/own-entities.js';
import type { StorageApp } from '../../../support/app/storage-app.js';

class Box {
  @Column('bigint', { nullable: true })
  weight: string | null;

  @CapturedBefore()
  @Column('bigint', { nullable: true })
  height: string | null;

  @Column('integer', { nullable: true })
  price: number | null;
}

@Entity('parcels')
class Parcel {
  @PrimaryColumn('text')
  id: string;

  @Column(() => Box)
  box: Box;

  @Column('bigint', { nullable: true })
  height: string | null;

  @Column('bigint', { nullable: true })
  price: string | null;

  @ExtraFields()
  @Column('jsonb', { nullable: true })
  extra: Record<string, unknown> | null;
}

describe('columns of an embedded class', () => {
  let app: StorageApp;
  let schema: SchemaService;
  beforeAll(async () => {
    app = await startAppWith([Parcel]);
    schema = app.module.get(SchemaService);
  });
  afterAll(() => app.close());
  beforeEach(() => app.rows('TRUNCATE parcels'));

  it('take values captured under their own name, not under that of their property', async () => {
    await app.rows(
      `INSERT INTO parcels (id, extra) VALUES ('a', '{"weight":1,"boxWeight":2,"boxHeight":3,"height":4}')`,
    );
    const { fields } = await schema.propose(Parcel);
    expect(Object.fromEntries(fields.map(({ field, ...proposal }) => [field, proposal]))).toMatchObject({
      weight: { decision: 'promote', column: 'weight' },
      boxWeight: { decision: 'move', property: 'box.weight', existing: 'filled' },
      boxHeight: { decision: 'move', property: 'box.height', existing: 'captured' },
      height: { decision: 'move', property: 'height', existing: 'filled' },
    });
  });

  it('are widened by their own values, and named by their path', async () => {
    await app.loader.load(Parcel, [{ id: 'a', price: 1, box: { price: 2n ** 70n } }]);
    expect((await schema.proposeWidening(Parcel)).columns).toMatchObject([
      { column: 'boxPrice', decision: 'widen', property: 'box.price', to: 'numeric' },
    ]);
  });
});
