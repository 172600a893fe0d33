import { canonicalMoment } from './canonical-moment.js';
import { canonicalDecimal } from './numbers/decimal.js';

/** Gives one text for all texts that Postgres finds equal. */
export type Canonical = (text: string) => string;

/** Types whose equal values have the same text, as our converters write them. */
const ONE_TEXT = ['text', 'character varying', 'smallint', 'integer', 'bigint', 'uuid', 'boolean', 'date'] as const;

const asItIs: Canonical = (text) => text;

const CANONICAL: ReadonlyMap<string, Canonical> = new Map([
  ...ONE_TEXT.map((type) => [type, asItIs] as const),
  ['numeric', canonicalDecimal],
  // Of -0 and 0, which are equal, both give 0.
  ['double precision', (text) => String(Number(text) + 0)],
  ['timestamp with time zone', canonicalMoment],
  ['timestamp without time zone', canonicalMoment],
]);

/** @returns undefined for a type of whose texts only Postgres knows which are equal: an interval, a bit string, a network */
export function canonicalOf(type: string): Canonical | undefined {
  return CANONICAL.get(type);
}
