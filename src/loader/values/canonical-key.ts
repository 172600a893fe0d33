import { canonicalMoment } from './canonical-moment.js';
import { canonicalDecimal } from './numbers/decimal.js';

/** What the type of a column of a key says of its values. */
export interface KeyForms {
  /**
   * Gives one text for all texts that Postgres finds equal; undefined where only Postgres knows these, as of an interval, or
   * of a text without case.
   */
  readonly canonical: ((text: string) => string) | undefined;
  /** Whether equal values are stored the same; they are not where 1 is equal to 1.0. */
  readonly hasOneForm: boolean;
}

const ofOneText: KeyForms = { canonical: (text) => text, hasOneForm: true };
const ofMoment: KeyForms = { canonical: canonicalMoment, hasOneForm: true };

/** Where a type can be widened to another while a load runs, both give a value one text. */
const FORMS: Readonly<Record<string, KeyForms>> = {
  text: ofOneText,
  'character varying': ofOneText,
  smallint: ofOneText,
  integer: ofOneText,
  bigint: ofOneText,
  uuid: ofOneText,
  boolean: ofOneText,
  date: ofOneText,
  'timestamp with time zone': ofMoment,
  'timestamp without time zone': ofMoment,
  numeric: { canonical: canonicalDecimal, hasOneForm: false },
  // Of -0 and 0, which are equal, both give 0.
  'double precision': { canonical: (text) => String(Number(text) + 0), hasOneForm: false },
};

/** For keys that only Postgres can compare. */
export const LOOSE_FORMS: KeyForms = { canonical: undefined, hasOneForm: false };

/** What a type says of the values of a key. */
export function keyFormsOf(type: string): KeyForms {
  return FORMS[type] ?? LOOSE_FORMS;
}

/** Whether only Postgres knows which values of a column are equal. */
export function isLoose({ canonical }: KeyForms): boolean {
  return canonical === undefined;
}
