import { KeptJson, KeptRecord } from '../../quarantine/raw-record.js';
import type { LoadJob, Target } from '../model/load-job.js';
import type { LoadUnit } from '../model/load-unit.js';
import { PackedRow, RowPacker } from '../model/packed-row.js';
import type { Row } from '../model/row.js';
import { shortestText } from '../values/numbers/number-text.js';

type Rows = LoadUnit['rows'];
type Fields = Readonly<Record<string, unknown>>;

/** As what a field came, of which a row has the text. */
type Kind = 'text' | 'number' | 'boolean' | 'json';

/** A field of the records of a batch: where its text is. */
interface PackedField {
  readonly name: string;
  readonly target: number;
  readonly index: number;
  /** Undefined as long as all are null. */
  kind: Kind | undefined;
}

/** A field that no row tells completely, and that is kept as it came. */
interface KeptField {
  readonly name: string;
  readonly target?: undefined;
}

type RecordForm = readonly (PackedField | KeptField)[];

/** A record whose rows tell its fields. */
class PackedRecord extends KeptRecord {
  constructor(
    private readonly form: RecordForm,
    private readonly rows: Rows,
    private readonly kept: readonly unknown[] | undefined,
  ) {
    super();
  }

  restore(): object {
    let place = 0;
    // fromEntries defines own properties, so `__proto__` stays data.
    return Object.fromEntries(
      this.form.map((field) => {
        if (field.target === undefined) {
          return [field.name, this.kept?.[place++]];
        }
        const text = this.rows[field.target]?.values[field.index] as string | null;
        return [field.name, text === null ? null : valueOf(text, field.kind)];
      }),
    );
  }
}

/**
 * Packs the records of a batch: what is left of each are a few bytes in a buffer, and no object with some thirty
 * texts that the garbage collector would have to move.
 */
export class UnitPacker {
  private readonly packers: readonly RowPacker[];
  private form: RecordForm | undefined;

  constructor(private readonly targets: LoadJob['targets']) {
    this.packers = targets.map(({ plan, key }) => new RowPacker(plan, key));
  }

  pack(unit: LoadUnit): LoadUnit {
    const rows = unit.rows.map((row, target) => row && (this.packers[target] as RowPacker).pack(row));
    return { ...unit, rows, source: this.packSource(unit, rows) };
  }

  private packSource({ source, rows }: LoadUnit, packed: Rows): unknown {
    if (!isFields(source) || !packed.every((row) => row === undefined || row instanceof PackedRow)) {
      return source;
    }
    const names = Object.keys(source);
    const form = (this.form ??= formOf(this.targets, names, source, rows));
    if (names.length !== form.length) {
      return source;
    }
    let kept: unknown[] | undefined;
    const values = Object.values(source);
    for (let place = 0; place < form.length; place += 1) {
      const [field, value] = [form[place] as RecordForm[number], values[place]];
      if (names[place] !== field.name) {
        return source;
      }
      if (field.target === undefined) {
        (kept ??= []).push(value);
      } else if (!isTold(value, rows[field.target]?.values[field.index], field)) {
        return source;
      }
    }
    return new PackedRecord(form, packed, kept);
  }
}

/** A record that came as an object; not one that keeps its own bytes, or was no object. */
function isFields(source: unknown): source is Fields {
  return typeof source === 'object' && source !== null && Object.getPrototypeOf(source) === Object.prototype;
}

function formOf(targets: readonly Target[], names: readonly string[], source: Fields, rows: Rows): RecordForm {
  return names.map((name) => {
    for (const [target, { plan }] of targets.entries()) {
      const field = plan.fields.get(name);
      if (field?.kind === 'column') {
        const packed: PackedField = { name, target, index: field.column.index, kind: undefined };
        if (isTold(source[name], rows[target]?.values[packed.index], packed)) {
          return packed;
        }
      }
    }
    return { name };
  });
}

/** Whether the text of a row's value tells the value of the record; the first one decides as what the field comes. */
function isTold(value: unknown, text: Row['values'][number], field: PackedField): boolean {
  if (value === null) {
    return text === null;
  }
  const kind = kindOf(value, text);
  return kind !== undefined && (field.kind ??= kind) === kind;
}

function kindOf(value: unknown, text: Row['values'][number]): Kind | undefined {
  switch (typeof value) {
    case 'string':
      return value === text ? 'text' : undefined;
    case 'number':
      // An integer column has no -0.
      return shortestText(value) === text && !Object.is(value, -0) ? 'number' : undefined;
    case 'boolean':
      return String(value) === text ? 'boolean' : undefined;
    default:
      return value instanceof KeptJson && value.text === text ? 'json' : undefined;
  }
}

function valueOf(text: string, kind: Kind | undefined): unknown {
  switch (kind) {
    case 'number':
      return Number(text);
    case 'boolean':
      return text === 'true';
    case 'json':
      return new KeptJson(text);
    default:
      return text;
  }
}
