import type { Target } from '../model/load-job.js';
import type { LoadPlan, PlanColumn } from '../model/load-plan.js';
import { formOfPacked, isOfForm, valueAt } from '../model/packed-row.js';
import type { Row } from '../model/row.js';
import { isMarkedDate } from '../values/date-time-text.js';
import { identityParts } from './identity-parts.js';
import { isOfKey, type NullSet, nullSetsIn } from './same-key.js';
import { hasOtherKey } from './write-order.js';

/**
 * How the incoming value of a column meets the stored one:
 * - `set`: replaces it
 * - `keepIfNull`: replaces it unless it is null, which here means absent
 * - `fill`: replaces only a null
 * - `byRow`: the mask of each row says which of these, or that the row does not carry the column
 */
type ColumnMode = 'set' | 'keepIfNull' | 'fill' | 'byRow';

/** A column that some of the rows carry. */
export type CarriedColumn = SettledColumn | MaskedColumn;

interface SettledColumn {
  readonly column: PlanColumn;
  readonly mode: Exclude<ColumnMode, 'byRow'>;
  /** Every value came as a Date, which has milliseconds. */
  readonly dates?: 'all';
}

/** A column that each row's mask decides. */
export interface MaskedColumn {
  readonly column: PlanColumn;
  readonly mode: 'byRow';
  /** Place of the column's bits in the masks: the row carries it; only to fill; as a Date. */
  readonly bit: number;
  readonly dates?: 'byRow';
}

/** Bits of a masked column in each mask. */
const BITS = 3;

/** A row's mask in the staging table; the blank keeps the name apart from real columns. */
export const MASK_COLUMN = '"harbor mask"';

/** How the rows of a batch meet one table. */
export interface MergeSpec extends Pick<Target, 'key' | 'keyPredicate' | 'returned'> {
  /** As in {@link Target}, unless the rows delete stored ones. */
  readonly onConflict: Target['onConflict'] | 'delete';
  /** Which columns of the key are null in rows. */
  readonly nullSets: readonly NullSet[];
  readonly columns: readonly CarriedColumn[];
  readonly hasExtra: boolean;
  /** Only some rows have one, and a new row without takes the column's default. */
  readonly extraByRow: boolean;
  /** Stored rows are updated in the order they came in: a row may take a unique value that one before it gives up. */
  readonly inInputOrder: boolean;
}

/** The rows one statement can insert. */
export interface SpecPart {
  readonly spec: MergeSpec;
  /** Conditions on a row's mask that pick them from the staged rows. */
  readonly conditions: readonly string[];
}

/** How many rows carry a column, and how. */
interface ColumnCounts {
  carried: number;
  nulls: number;
  fills: number;
  dates: number;
}

/**
 * Finds the mode of each column: in a statement an absent value is null, too, and must be told from an explicit null.
 * @param rows - all of them delete stored rows, or none does
 */
export function specOf({ plan, key, keyPredicate, returned, ...target }: Target, rows: readonly Row[]): MergeSpec {
  const onConflict = rows[0]?.deletes === true ? 'delete' : target.onConflict;
  const counts = countColumns(plan, rows);
  const carried = plan.columns.filter(({ index }) => (counts[index]?.carried ?? 0) > 0);
  let bits = 0;
  const columns = carried.map((column): CarriedColumn => {
    const count = counts[column.index] as ColumnCounts;
    const mode = modeOf(column, onConflict, count, rows.length);
    const hasDates = count.dates > 0;
    return mode === 'byRow'
      ? { column, mode, bit: (bits += BITS) - BITS, ...(hasDates && { dates: 'byRow' }) }
      : { column, mode, ...(hasDates && { dates: 'all' }) };
  });
  const withExtra = rows.filter((row) => row.extra !== undefined).length;
  return {
    onConflict,
    key,
    keyPredicate,
    returned,
    nullSets: nullSetsIn(key, rows),
    columns,
    hasExtra: withExtra > 0,
    extraByRow: plan.extraDefault !== undefined && withExtra > 0 && withExtra < rows.length,
    inInputOrder: (onConflict === 'merge' || onConflict === 'update') && rows.length > 1 && hasOtherKey({ plan, key }),
  };
}

/** How rows of any shape meet the table that these rows meet: each row's mask says what it carries beside the key. */
export function specOfAny({ plan, key }: Pick<Target, 'plan' | 'key'>, spec: MergeSpec): MergeSpec {
  let bits = 0;
  const columns = plan.columns.map((column): CarriedColumn => {
    const carried = spec.columns.find((each) => each.column === column);
    return isOfKey(key, column) && carried?.mode === 'set'
      ? carried
      : { column, mode: 'byRow', bit: (bits += BITS) - BITS, ...(column.marksDates && { dates: 'byRow' }) };
  });
  return { ...spec, columns, hasExtra: plan.extra !== undefined, extraByRow: plan.extraDefault !== undefined };
}

function countColumns(plan: LoadPlan, rows: readonly Row[]): ColumnCounts[] {
  const form = formOfPacked(rows);
  if (form === undefined) {
    return countValues(plan, rows);
  }
  const others = rows.filter((row) => !isOfForm(row, form));
  const counts = countValues(plan, others);
  const sameColumns = counts.every(
    ({ carried, fills, dates }, index) =>
      carried === (form.carries[index] === true ? others.length : 0) &&
      fills === (form.fills?.has(index) === true ? others.length : 0) &&
      (others.length === 0 || (dates === 0 && form.dates[index] !== true)),
  );
  if (!sameColumns) {
    return countValues(plan, rows);
  }
  return counts.map((_, index) => {
    const carried = form.carries[index] === true ? rows.length : 0;
    // Nulls make no difference where all rows carry a column.
    return {
      carried,
      nulls: 0,
      fills: form.fills?.has(index) === true ? carried : 0,
      dates: form.dates[index] === true ? carried : 0,
    };
  });
}

function countValues(plan: LoadPlan, rows: readonly Row[]): ColumnCounts[] {
  return plan.columns.map(({ index, marksDates }) => {
    const count = { carried: 0, nulls: 0, fills: 0, dates: 0 };
    for (const { values, fills } of rows) {
      const value = values[index];
      if (value !== undefined) {
        count.carried += 1;
        if (value === null) {
          count.nulls += 1;
          continue;
        }
        if (fills !== undefined && fills.has(index)) {
          count.fills += 1;
        }
        if (marksDates && isMarkedDate(value)) {
          count.dates += 1;
        }
      }
    }
    return count;
  });
}

function modeOf(
  { hasDefault }: PlanColumn,
  onConflict: MergeSpec['onConflict'],
  { carried, nulls, fills, dates }: ColumnCounts,
  rows: number,
): ColumnMode {
  const byAll = carried === rows;
  if (onConflict === 'insert') {
    return byAll || !hasDefault ? 'set' : 'byRow';
  }
  if (dates > 0 && dates < carried - nulls) {
    return 'byRow';
  }
  if (byAll && fills === 0) {
    return 'set';
  }
  const nullMeansAbsent = byAll || (nulls === 0 && !hasDefault);
  if (nullMeansAbsent && (fills === 0 || fills === carried)) {
    return fills === 0 ? 'keepIfNull' : 'fill';
  }
  return 'byRow';
}

/** The columns that masks decide, in the order of their bits. */
export function maskedColumns({ columns }: MergeSpec): MaskedColumn[] {
  return columns.filter((carried) => carried.mode === 'byRow');
}

/** The mask of a row, as the text of a `bit varying`. */
export function maskOf(masked: readonly MaskedColumn[], row: Row): string {
  let mask = '';
  for (const { column } of masked) {
    const value = row.values[column.index];
    mask += value === undefined ? '0' : '1';
    mask += row.fills?.has(column.index) === true ? '1' : '0';
    mask += typeof value === 'string' && column.marksDates && isMarkedDate(value) ? '1' : '0';
  }
  return mask;
}

/** The condition that a bit of the incoming row's mask is set. */
export function hasBit(bit: number, row = 's'): string {
  return `get_bit(${row}.${MASK_COLUMN}::bit varying, ${bit}) = 1`;
}

/** Splits rows into the parts of {@link identityParts}, in the order of their first rows. */
export function partsOfSpec(spec: MergeSpec, rows: readonly Row[]): SpecPart[] {
  const identities = maskedColumns(spec).filter(({ column }) => column.hasDefault && !column.defaultExpression);
  const carriedSets = new Map<string, MaskedColumn[]>();
  // Without identities all rows are one part.
  for (const row of identities.length === 0 ? rows.slice(0, 1) : rows) {
    const carried = identities.filter(({ column }) => valueAt(row, column.index) !== undefined);
    const signature = carried.map(({ bit }) => bit).join();
    if (!carriedSets.has(signature)) {
      carriedSets.set(signature, carried);
    }
  }
  return identityParts(identities, [...carriedSets.values()]).map(({ carried, absent }) => ({
    spec: { ...spec, columns: spec.columns.flatMap((column) => settle(column, carried, absent)) },
    conditions: identities.map((masked) => `${carried.includes(masked) ? '' : 'NOT '}${hasBit(masked.bit)}`),
  }));
}

/** A part's rows all carry an identity column, or none does. */
function settle(
  column: CarriedColumn,
  carried: readonly CarriedColumn[],
  absent: readonly CarriedColumn[],
): CarriedColumn[] {
  if (absent.includes(column)) {
    return [];
  }
  return carried.includes(column) ? [{ column: column.column, mode: 'set' }] : [column];
}
