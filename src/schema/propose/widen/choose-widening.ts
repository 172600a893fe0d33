import { MAX_IDENTIFIER_BYTES } from '../../../postgres/identifiers.js';
import type { LiveColumn } from '../../table/live-table.js';
import type { ColumnDependents } from '../alter/column-dependents.js';
import { type ColumnRejections, NULL_REASONS, type RejectedValues } from './rejected-values.js';
import { newColumnOf, type WideningMethod } from '../alter/widen-columns.js';

/** What would make a column take what it rejected. */
export interface Widening {
  /** The type it needs; undefined when its own will do. */
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
/** Types whose values are the same as text. */
const SAME_AS_TEXT: ReadonlySet<string> = new Set([...NUMBERS, 'boolean', 'uuid']);
const SHORT_TEXTS: ReadonlySet<string> = new Set(['character varying', 'bpchar', 'character']);

/** Chooses the narrowest column that takes every value that was rejected, and every one that is stored. */
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
    return { message: 'no wider type would take every value that was rejected' };
  }
  if (wantsNull && isKey) {
    return { message: 'it is part of the primary key, which every row must have' };
  }
  const to = widest(types as string[]);
  if (to !== undefined && dependents.obstacles.length > 0) {
    const uses = dependents.obstacles.join(', ') + (dependents.obstacles.length === 1 ? ' uses it' : ' use it');
    return { message: `${uses}: drop that, change the type to ${to}, and create it again` };
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

/** What Postgres does in its catalog alone: https://www.postgresql.org/docs/current/sql-altertable.html */
function methodFor({ name, fullType: from }: LiveColumn, to: string, dependents: ColumnDependents): WideningMethod {
  const dropsModifier =
    from.replace(/\([\d,]+\)/, '') === to || (from.startsWith('character varying') && to === 'text');
  if (dropsModifier) {
    return 'in place';
  }
  const isNameTooLong = Buffer.byteLength(newColumnOf(name)) > MAX_IDENTIFIER_BYTES;
  return dependents.any || isNameTooLong ? 'rewrite' : 'new column';
}
