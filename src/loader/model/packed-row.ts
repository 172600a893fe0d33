import { COPY_NULL, copyField, valueOfField } from '../../postgres/copy-text.js';
import type { KeyColumn, LoadPlan, PlanColumn } from './load-plan.js';
import { isMarkedDate } from '../values/date-time-text.js';
import { extraText, type Row } from './row.js';

/** Rows of a batch share buffers of this size; a larger row is not packed. */
const BUFFER_BYTES = 256 * 1024;
const TAB = 0x09;
/** Bytes of UTF-8 a UTF-16 code unit can need. */
const MAX_BYTES_OF_UNIT = 3;

/** What the packed rows of a batch have in common. */
export interface RowForm {
  /** The columns that each of them carries, in the order of the fields: first those of the key. */
  readonly columns: readonly PlanColumn[];
  /** Whether a row carries a column, by its index. */
  readonly carries: readonly boolean[];
  /** Whether the values of a column came as Dates, by its index; undefined as long as all are null. */
  readonly dates: (boolean | undefined)[];
  /** Indexes of the columns whose values only fill an empty one. */
  readonly fills: Row['fills'];
  /** The last field is the extra column. */
  readonly hasExtra: boolean;
}

/**
 * A row as the fields of a line of COPY, in a buffer that rows of its batch share: it costs the garbage collector next to
 * nothing, and COPY takes its bytes as they are.
 */
export class PackedRow implements Row {
  private decoded: Row['values'] | undefined = undefined;

  constructor(
    readonly form: RowForm,
    readonly bytes: Buffer,
    readonly start: number,
    readonly end: number,
    readonly special: Row['special'],
    readonly extra: Row['extra'],
  ) {}

  get fills(): Row['fills'] {
    return this.form.fills;
  }

  /** Read from the bytes, and kept. */
  get values(): Row['values'] {
    return (this.decoded ??= this.decode());
  }

  /** A single value. */
  valueAt(index: number): string | null | undefined {
    if (this.decoded !== undefined) {
      return this.decoded[index];
    }
    const { columns, carries } = this.form;
    if (carries[index] !== true) {
      return undefined;
    }
    let { start } = this;
    for (const column of columns) {
      const end = this.endOfField(start);
      if (column.index === index) {
        return valueOfField(this.bytes.toString('utf8', start, end));
      }
      start = end + 1;
    }
    return undefined;
  }

  private decode(): Row['values'] {
    const { columns, carries } = this.form;
    const values: Row['values'] = carries.map(() => undefined);
    const fields = this.bytes.toString('utf8', this.start, this.end).split('\t');
    for (const [place, { index }] of columns.entries()) {
      values[index] = valueOfField(fields[place] as string);
    }
    return values;
  }

  private endOfField(start: number): number {
    let end = start;
    while (end < this.end && this.bytes[end] !== TAB) {
      end += 1;
    }
    return end;
  }
}

/** A value of a row, packed or not. */
export function valueAt(row: Row, index: number): string | null | undefined {
  return row instanceof PackedRow ? row.valueAt(index) : row.values[index];
}

/** The form of packed rows among these: those of a batch have one. */
export function formOfPacked(rows: readonly Row[]): RowForm | undefined {
  const packed = rows.find((row) => row instanceof PackedRow);
  return packed?.form;
}

export function isOfForm(row: unknown, form: RowForm | undefined): row is PackedRow {
  return row instanceof PackedRow && row.form === form;
}

/** Packs the rows of a batch for one table, as long as they all carry the same columns. */
export class RowPacker {
  private form: RowForm | undefined;
  private buffer = Buffer.alloc(0);
  private used = 0;
  private isMixed = false;

  constructor(
    private readonly plan: LoadPlan,
    private readonly key: readonly KeyColumn[],
  ) {}

  /** The row in packed form; the row itself where that would not pay. */
  pack(row: Row): Row {
    if (this.isMixed || row.deletes === true) {
      return row;
    }
    this.form ??= formOf(this.plan, this.key, row);
    if (!hasForm(row, this.form)) {
      this.isMixed = true;
      return row;
    }
    // One text, written at once: a call of `write` takes as long as some fifty characters.
    const line = lineOf(row, this.form);
    if (line.length * MAX_BYTES_OF_UNIT > BUFFER_BYTES) {
      return row;
    }
    if (this.used + line.length * MAX_BYTES_OF_UNIT > this.buffer.length) {
      this.buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
      this.used = 0;
    }
    const start = this.used;
    this.used += this.buffer.write(line, start);
    return new PackedRow(this.form, this.buffer, start, this.used, row.special, row.extra);
  }
}

function lineOf(row: Row, { columns, hasExtra }: RowForm): string {
  const fields: string[] = [];
  for (const { index } of columns) {
    fields.push(fieldAt(row, index));
  }
  if (hasExtra) {
    fields.push(copyField(extraText(row)));
  }
  return fields.join('\t');
}

/** The field of a value of a row. */
export function fieldAt({ values, special }: Row, index: number): string {
  return special === undefined || !special.includes(index) ? (values[index] ?? COPY_NULL) : copyField(values[index]);
}

function formOf({ columns }: LoadPlan, key: readonly KeyColumn[], { values, fills, extra }: Row): RowForm {
  const isOfKey = (column: PlanColumn): boolean => key.some(({ index }) => index === column.index);
  const carried = columns.filter(({ index }) => values[index] !== undefined);
  return {
    columns: [...carried.filter(isOfKey), ...carried.filter((column) => !isOfKey(column))],
    carries: columns.map(({ index }) => values[index] !== undefined),
    dates: columns.map(() => undefined),
    fills,
    hasExtra: extra !== undefined,
  };
}

/** Whether rows carry what the form says; of a column of Dates the first value decides. */
function hasForm({ values, fills, extra }: Row, form: RowForm): boolean {
  const { columns, carries, dates, hasExtra } = form;
  if ((extra !== undefined) !== hasExtra || !isSameSet(fills, form.fills)) {
    return false;
  }
  for (let index = 0; index < carries.length; index += 1) {
    if ((values[index] !== undefined) !== carries[index]) {
      return false;
    }
  }
  for (const { index, marksDates } of columns) {
    const value = values[index];
    if (marksDates && typeof value === 'string' && (dates[index] ??= isMarkedDate(value)) !== isMarkedDate(value)) {
      return false;
    }
  }
  return true;
}

function isSameSet(one: Row['fills'], other: Row['fills']): boolean {
  return one === other || (one?.size === other?.size && [...(one ?? [])].every((index) => other?.has(index)));
}
