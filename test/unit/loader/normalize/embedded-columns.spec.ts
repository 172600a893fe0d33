import { beforeAll, describe, expect, it } from '@jest/globals';
import { IsOptional, Max } from 'class-validator';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { Aliases, LoadsFrom } from '../../../../src/index.js';
import type { LoadPlan } from '../../../../src/loader/model/load-plan.js';
import { rejectionOf, rowOf } from '../../../support/records/normalized.js';
import { planOf } from '../../../support/entities/plans.js';

class Country {
  @Column('text', { nullable: true })
  code: string | null;
}

class Tax {
  @Column('integer', { nullable: true })
  amount: number | null;

  @Column(() => Country)
  country: Country;
}

class BillRecord {
  @Aliases('price')
  @IsOptional()
  @Max(10)
  amount?: number | null;
}

@Entity('bills')
@LoadsFrom(() => BillRecord)
class Bill {
  @PrimaryColumn('text')
  id: string;

  @Column('integer', { nullable: true })
  amount: number | null;

  @Column(() => Tax)
  tax: Tax;
}

let plan: LoadPlan;
beforeAll(async () => {
  plan = await planOf(Bill);
});

describe('a column of an embedded class, named as a property of the entity', () => {
  it.each([
    [{ amount: 5 }, { amount: '5' }],
    [{ price: 5 }, { amount: '5' }],
    [{ tax: { amount: 50 } }, { taxAmount: '50' }],
    [{ taxAmount: 50 }, { taxAmount: '50' }],
    [
      { amount: 5, tax: { amount: 50 } },
      { amount: '5', taxAmount: '50' },
    ],
    [{ 'tax.amount': 50 }, { unknown: { 'tax.amount': 50 } }],
  ])('takes only what is meant for it: %j', (fields, expected) => {
    expect(rowOf(plan, { id: 'a', ...fields })).toEqual({ id: 'a', ...expected });
  });

  it.each([[{ amount: 50 }], [{ price: 50 }], [{ amount: 50, tax: { amount: 5 } }]])(
    'does not stand before the rules of that property: %j',
    (fields) => {
      expect(rejectionOf(plan, { id: 'a', ...fields })).toEqual(['validation:max', 'amount']);
    },
  );
});

it.each([[{ tax: { country: undefined } }], [{ tax: { amount: undefined } }], [{ tax: undefined }]])(
  'an embedded object that is undefined is absent: %j',
  (fields) => {
    expect(rowOf(plan, { id: 'a', ...fields })).toEqual({ id: 'a' });
  },
);

describe('a column of an embedded class, carried both as a field and in an object', () => {
  it.each([
    [{ tax: { amount: 1 }, taxAmount: 2 }, 'taxAmount'],
    [{ taxAmount: 2, tax: { amount: 1 } }, 'taxAmount'],
    [{ taxAmount: 2, tax: { amount: null } }, 'taxAmount'],
    [{ taxAmount: null, tax: { amount: 1 } }, 'taxAmount'],
    [{ tax: { country: { code: 'a' } }, taxCountryCode: 'b' }, 'taxCountryCode'],
  ])('is rejected when the two disagree: %j', (fields, column) => {
    expect(rejectionOf(plan, { id: 'a', ...fields })).toEqual(['conflicting_keys', column]);
  });

  it.each([
    [{ tax: { amount: 1 }, taxAmount: 1 }],
    [{ tax: { amount: 1 }, taxAmount: undefined }],
    [{ taxAmount: 1, tax: { amount: undefined } }],
  ])('may agree, or be absent in one: %j', (fields) => {
    expect(rowOf(plan, { id: 'a', ...fields })).toEqual({ id: 'a', taxAmount: '1' });
  });
});
