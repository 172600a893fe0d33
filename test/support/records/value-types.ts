import type { ValueType } from '../../../src/schema/table/value-type.js';

/** The type of a column written as Postgres writes it: `numeric(10,2)`, `text[]`, `money`. */
export function valueTypeOf(fullType: string): ValueType {
  if (fullType.endsWith('[]')) {
    return { kind: 'array', element: valueTypeOf(fullType.slice(0, -2)), delimiter: ',' };
  }
  const name = fullType
    .replace(/\([^)]*\)/, '')
    .replace(/^character$/, 'bpchar')
    .replace(/^bit$/, '"bit"')
    .replace(/^interval .*/, 'interval');
  return { kind: 'base', name, fullType, moneySample: name === 'money' ? '$1,234,567.89' : undefined };
}
