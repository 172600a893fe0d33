import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

import { SchemaService } from '../../../../src/index.js';
import type { StorageApp } from '../../../support/app/storage-app.js';
import { startAppWith } from '../../../support/entities/own-entities.js';

@Entity('typed')
class Typed {
  @PrimaryColumn('integer')
  id: number;

  @Column({ type: 'bit', length: 3, nullable: true })
  bits: string | null;

  @Column('xml', { nullable: true })
  page: string | null;

  @Column('int4range', { nullable: true })
  span: string | null;

  @Column('enum', { enum: ['happy', 'sad'], nullable: true })
  mood: string | null;

  @Column('numeric', { precision: 4, scale: 1, nullable: true })
  amount: string | null;
}

@Entity('few_numbers')
class FewNumbers {
  @PrimaryGeneratedColumn({ type: 'smallint' })
  id: number;

  @Column('text', { unique: true })
  code: string;
}

describe('the message of a rejected value', () => {
  let app: StorageApp;
  beforeAll(async () => {
    app = await startAppWith([Typed, FewNumbers]);
  });
  afterAll(() => app.close());

  it.each([
    ['bits', '10', 'inexact_value', 'the column holds exactly 3 bits'],
    ['page', '<a>', '2200N', 'invalid XML content (column page) [2200N]'],
    ['span', '[5,1)', '22000', 'invalid value (column span) [22000]'],
    ['mood', 'nope', '22P02', 'invalid text representation (column mood) [22P02]'],
    ['amount', '99999', 'out_of_range', 'the column keeps 3 digits before the point'],
  ])('names column and cause: %s', async (column, value, reason, message) => {
    const result = await app.loader.load(Typed, [{ id: 1 }, { id: 2, [column]: value }]);
    expect(result).toMatchObject({ rejected: 1, failed: 0, rejects: [{ position: 1, reason, column, message }] });
  });

  it('names the cause: a sequence has no more values', async () => {
    await app.rows('ALTER SEQUENCE few_numbers_id_seq MAXVALUE 2');
    const records = ['a', 'b', 'c'].map((code) => ({ code }));
    const result = await app.loader.load(FewNumbers, records, { primaryKey: 'code' });
    expect(result.rejects[0]).toMatchObject({ message: 'the sequence has no more values [2200H]' });
  });

  it('counts for a widening, by its column', async () => {
    await app.rows('TRUNCATE storage_rejected_records');
    await app.loader.load(Typed, [
      { id: 3, mood: 'nope' },
      { id: 4, mood: 'no' },
      { id: 5, amount: '99999' },
    ]);
    const { columns } = await app.module.get(SchemaService).proposeWidening(Typed);
    expect(columns).toMatchObject([
      { column: 'mood', records: 2, decision: 'keep' },
      { column: 'amount', records: 1, decision: 'widen' },
    ]);
  });
});
