import { describe, expect, it } from '@jest/globals';

import { moneyConverter } from '../../../../src/loader/values/numbers/money-text.js';
import { RejectedValue } from '../../../../src/loader/values/rejected-value.js';

describe('money, where the database prints 1234567.89 as', () => {
  it.each<[sample: string, value: unknown, text: string]>([
    ['$1,234,567.89', '-$1,234.50', '-1234.50'],
    ['1.234.567,89 €', '1.234,50 €', '1234,50'],
    ['1.234.567,89 €', '-1234.5', '-1234,50'],
    ['1.234.567,89 €', 0.05, '0,05'],
    ['￥1,234,568', '￥1,235', '1235'],
    ['￥1,234,568', 7, '7'],
    ['1234567.89', '1234.50', '1234.50'],
  ])('%s, is written for its locale: %p → %s', (sample, value, text) => {
    expect(moneyConverter(sample)(value)).toBe(text);
  });

  it.each<[sample: string, value: unknown]>([
    ['$1,234,567.89', '1,5'],
    ['$1,234,567.89', '1,23'],
    ['$1,234,567.89', '1,23.00'],
    ['1.234.567,89 €', '1.234'],
    ['1.234.567,89 €', '$1,234.50'],
    ['￥1,234,568', 0.5],
  ])('%s, is rejected where it means another number, or none: %p', (sample, value) => {
    expect(() => moneyConverter(sample)(value)).toThrow(RejectedValue);
  });
});
