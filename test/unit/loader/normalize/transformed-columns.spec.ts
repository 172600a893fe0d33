import { beforeAll, describe, expect, it } from '@jest/globals';
import { IsEmail, IsOptional, IsString, Max } from 'class-validator';
import { Column, PrimaryColumn, Entity } from 'typeorm';

import { Aliases, FillsFrom } from '../../../../src/index.js';
import type { LoadPlan } from '../../../../src/loader/model/load-plan.js';
import { rejectionOf, rowOf } from '../../../support/records/normalized.js';
import { planOf } from '../../../support/entities/plans.js';

/** As one that encrypts: of the value nothing can be seen, not even that it was null. */
const hidden = { to: (value: unknown) => Buffer.from(String(value)).toString('hex'), from: (value: unknown) => value };
const cents = {
  to: (value: number | null) => value && value * 100,
  from: (value: number | null) => value && value / 100,
};

@Entity('accounts')
class Account {
  @PrimaryColumn('text')
  id: string;

  @Aliases('mail')
  @FillsFrom('contact')
  @IsOptional()
  @IsEmail()
  @Column({ type: 'text', nullable: true, transformer: hidden })
  email?: string | null;

  @IsOptional()
  @IsString()
  @Column({ type: 'text', nullable: true, transformer: hidden })
  phone?: string | null;

  @IsOptional()
  @Max(100)
  @Column({ type: 'integer', name: 'credit_limit', nullable: true, transformer: cents })
  creditLimit?: number | null;
}

describe('a column with a transformer', () => {
  let plan: LoadPlan;
  beforeAll(async () => {
    plan = await planOf(Account);
  });

  it.each([
    [{ email: 'a@b.example' }, { email: '6140622e6578616d706c65' }],
    [{ mail: 'a@b.example' }, { email: '6140622e6578616d706c65' }],
    [{ contact: 'a@b.example' }, { email: '6140622e6578616d706c65', fills: ['email'] }],
    [{ email: null }, { email: '6e756c6c' }],
    [{ phone: '1' }, { phone: '31' }],
    [{ creditLimit: 50 }, { credit_limit: '5000' }],
    [{ credit_limit: null }, { credit_limit: null }],
    [{}, {}],
  ])('takes what the rules of its class let through as it came: %j', (fields, expected) => {
    expect(rowOf(plan, { id: 'a', ...fields })).toEqual({ id: 'a', ...expected });
  });

  it.each([
    [{ email: 'nobody' }, 'isEmail', 'email'],
    [{ mail: 'nobody' }, 'isEmail', 'email'],
    [{ contact: 'nobody' }, 'isEmail', 'email'],
    [{ phone: 1 }, 'isString', 'phone'],
    [{ credit_limit: 101 }, 'max', 'credit_limit'],
  ])('is rejected what they reject as it came: %j', (fields, rule, column) => {
    expect(rejectionOf(plan, { id: 'a', ...fields })).toEqual([`validation:${rule}`, column]);
  });
});
