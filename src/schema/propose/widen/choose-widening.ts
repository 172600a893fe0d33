import { MAX_IDENTIFIER_BYTES } from '../../../postgres/identifiers.js';
import type { LiveColumn } from '../../table/live-table.js';
import type { ColumnDependents } from '../alter/column-dependents.js';
import { type ColumnRejections, NULL_REASONS, type RejectedValues } from './rejected-values.js';
import { newColumnOf, type WideningMethod } from '../alter/widen-columns.js';

/** Change that makes a column accept the rejected values. */
export interface Widening {
  /** The new type; undefined if the type stays. */
  readonly to?: string;
  readonly by?: WideningMethod;
  readonly dropNotNull?: true;
}

/** Why nothing is proposed. */
export interface NoWidening {
  readonly message: string;
}

const RANGE_REASONS: ReadonlySet<string> = new Set(['22003', 'out_of_range']);
const DIGIT_REASONS: ReadonlySet<string> = new Set(['not_an_integer', 'inexact_integer', 'inexact_decimal']);
const LENGTH_REASONS: ReadonlySet<string> = new Set(['22001', 'too_long']);
const TYPE_REASONS: ReadonlySet<string> = new Set(['22P02', 'wrong_type']);
const PRECISION_REASONS: ReadonlySet<string> = new Set(['inexact_date_time']);

const INTEGERS: ReadonlySet<string> = new Set(['smallint', 'integer', 'bigint']);
const NUMBERS: ReadonlySet<string> = new Set([...INTEGERS, 'real', 'double precision', 'numeric']);
/** Types whose values can be cast to text without loss. */
const SAME_AS_TEXT: ReadonlySet<string> = new Set([...NUMBERS, 'boolean', 'uuid']);
const SHORT_TEXTS: ReadonlySet<string> = new Set(['character varying', 'bpchar', 'character']);

/** The narrowest column that accepts all rejected and all stored values. */
export function chooseWidening(
  live: LiveColumn,
  isKey: boolean,
  { reasons }: ColumnRejections,
  values: RejectedValues,
  dependents: ColumnDependents,
): Widening | NoWidening {
  const types = Object.keys(reasons)
    .filter((reason) => !NULL_REASONS.includes(reason))
    .map((reason) => typeFor(reason, live, values));
  const wantsNull = Object.keys(reasons).some((reason) => NULL_REASONS.includes(reason));
  if (types.includes(undefined)) {
    return { message: 'no wider type accepts every rejected value' };
  }
  if (wantsNull && isKey) {
    return { message: 'it is part of the primary key, which cannot be null' };
  }
  const to = widest(types as string[]);
  if (live.domain !== undefined && (to !== undefined || wantsNull)) {
    return { message: `its domain ${live.domain} decides what it accepts: alter the domain` };
  }
  if (to !== undefined && dependents.obstacles.length > 0) {
    const uses =
      dependents.obstacles.join(', ') + (dependents.obstacles.length === 1 ? ' depends on it' : ' depend on it');
    return { message: `${uses}: drop it, change the type to ${to}, and create it again` };
  }
  return {
    ...(to !== undefined && { to, by: methodFor(live, to, dependents) }),
    ...(wantsNull && live.notNull && { dropNotNull: true }),
  };
}

function typeFor(reason: string, { type, fullType }: LiveColumn, values: RejectedValues): string | undefined {
  if (RANGE_REASONS.has(reason) && NUMBERS.has(type)) {
    const bigintWillDo = type !== 'bigint' && INTEGERS.has(type) && values.complete && values.bigints;
    return bigintWillDo ? 'bigint' : wider(fullType, 'numeric');
  }
  if (DIGIT_REASONS.has(reason) && NUMBERS.has(type)) {
    return wider(fullType, 'numeric');
  }
  if (LENGTH_REASONS.has(reason) && SHORT_TEXTS.has(type)) {
    return 'text';
  }
  if (TYPE_REASONS.has(reason) && SAME_AS_TEXT.has(type)) {
    return values.complete && values.texts ? 'text' : undefined;
  }
  return PRECISION_REASONS.has(reason) ? wider(fullType, type) : undefined;
}

function wider(from: string, to: string): string | undefined {
  return from === to ? undefined : to;
}

function widest(types: readonly string[]): string | undefined {
  return ['text', 'numeric', 'bigint'].find((type) => types.includes(type)) ?? types[0];
}

/** Which changes need the catalog only: https://www.postgresql.org/docs/current/sql-altertable.html */
function methodFor({ name, fullType: from }: LiveColumn, to: string, dependents: ColumnDependents): WideningMethod {
  const dropsModifier =
    from.replace(/\([\d,]+\)/, '') === to || (from.startsWith('character varying') && to === 'text');
  if (dropsModifier) {
    return 'in place';
  }
  const isNameTooLong = Buffer.byteLength(newColumnOf(name)) > MAX_IDENTIFIER_BYTES;
  return dependents.any || isNameTooLong ? 'rewrite' : 'new column';
}
