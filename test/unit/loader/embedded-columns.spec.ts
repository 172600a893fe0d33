import { beforeAll, describe, expect, it } from '@jest/globals';
import { IsOptional, Max } from 'class-validator';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { Aliases, LoadsFrom } from '../../../src/index.js';
import type { LoadPlan } from '../../../src/loader/load-plan.js';
import { refusalOf, rowOf } from '../../support/normalized.js';
import { planOf } from '../../support/plans.js';

class Tax {
  @Column('integer', { nullable: true })
  amount: number | null;
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

describe('a column of an embedded class, named as a property of the entity', () => {
  let plan: LoadPlan;
  beforeAll(async () => {
    plan = await planOf(Bill);
  });

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
      expect(refusalOf(plan, { id: 'a', ...fields })).toEqual(['validation:max', 'amount']);
    },
  );
});
