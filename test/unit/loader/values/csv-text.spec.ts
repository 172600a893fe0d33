import { describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { normalizeRecord } from '../../../../src/loader/normalize/normalize-record.js';
import { converterFor } from '../../../../src/loader/values/convert-value.js';
import { planOf } from '../../../support/entities/plans.js';

const convert = (type: string, value: string, textual = true) =>
  converterFor({ kind: 'base', name: type, fullType: type })(value, textual);

describe('a boolean in csv', () => {
  it.each(['t', 'TRUE', 'y', 'Yes', 'on', '1'])('may be %s', (word) => {
    expect(convert('boolean', word)).toBe('true');
  });

  it.each(['f', 'False', 'n', 'NO', 'off', '0'])('may be %s', (word) => {
    expect(convert('boolean', word)).toBe('false');
  });

  it('is no other word, and none of these in JSON', () => {
    expect(() => convert('boolean', 'maybe')).toThrow('expected true or false');
    expect(() => convert('boolean', 'yes', false)).toThrow('expected true or false');
  });
});

@Entity('cells')
class Cells {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  words: string;

  @Column('int', { nullable: true })
  count: number;

  @Column('jsonb', { nullable: true })
  setup: object;

  @Column('date', { nullable: true })
  day: string;

  @Column('text', { array: true, nullable: true })
  tags: string[];

  @Column('enum', { enum: ['a', 'b'], nullable: true })
  mood: string;

  @Column('enum', { enum: ['', 'b'], nullable: true })
  odd: string;
}

describe('a quoted empty cell of csv', () => {
  const cells = { id: 'x', words: '', count: '', setup: '', day: '', tags: '', mood: '', odd: '' };

  it('is an empty text where the column has one, and absent elsewhere', async () => {
    const plan = await planOf(Cells);
    const normalized = normalizeRecord(plan, [], cells, true);
    const values = normalized.kind === 'row' ? normalized.row.values : [];
    const given = plan.columns.filter(({ index }) => values[index] !== undefined).map(({ name }) => name);
    expect([normalized.kind, given]).toEqual(['row', ['id', 'words', 'odd']]);
  });

  it('would be rejected in JSON', async () => {
    expect(normalizeRecord(await planOf(Cells), [], cells)).toMatchObject({
      kind: 'rejection',
      rejection: { column: 'count' },
    });
  });
});
