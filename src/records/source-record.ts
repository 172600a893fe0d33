import type { RejectReason, RejectRule } from './reject-reasons.js';

/** Why a record was rejected: a rule or SQLSTATE, and a message without values. */
export interface Rejection {
  /** Stable name of the rule, for example `invalid_json`. */
  readonly rule: RejectReason;
  /** The column or field that breaks the rule, if any. */
  readonly column?: string;
  /** For people; never contains a value of the record. */
  readonly message: string;
}

/** A number, array or object of a JSON record as it is written. */
export interface JsonMember {
  readonly text: string;
  /** Levels of arrays and objects; 0 for a number. */
  readonly depth: number;
}

/** A record in JSON. */
export interface JsonRecord {
  /** As `JSON.parse` reads it: a number that no double holds is the nearest one. */
  readonly fields: Record<string, unknown>;
  /** A field whose value is a number, an array or an object. */
  memberOf(name: string): JsonMember;
  /** The value of a field; integers beyond 2^53 are BigInt, other numbers that no double holds `LosslessNumber`. */
  exactly(name: string): unknown;
}

/** Content of a record. */
interface Content {
  readonly value: object | undefined;
  readonly json: JsonRecord | undefined;
  readonly rejection: Rejection | undefined;
  readonly textual: boolean;
}

/**
 * How the bytes of a file record were read, as needed to read them again. Plain data, stored in quarantine as JSON.
 */
export interface Reading {
  readonly format: 'jsonl' | 'json' | 'csv';
  /** Encoding of the bytes. @default 'utf-8' */
  readonly encoding?: string;
  /** Column names; csv only. */
  readonly header?: readonly string[];
  /** Character between cells; csv only. @default ',' */
  readonly delimiter?: string;
  /** Unquoted text that means null; csv only. @default none */
  readonly nullText?: string;
  /** Renamed fields, old name to new name. */
  readonly rename?: Readonly<Record<string, string>>;
}

/** The rule for records of which only the head is kept, so that they cannot be read again. */
export const LINE_TOO_LONG = 'line_too_long' satisfies RejectRule;

/** A record with its original bytes, which quarantine keeps unchanged. */
export class SourceRecord {
  private readonly own: Content;

  /**
   * @param value - the parsed record; undefined if rejected
   * @param raw - the original bytes without the line end. They may be a view of a larger buffer: copy them before keeping
   * them for long.
   * @param rejection - why there is no value
   * @param textual - every value is text (csv), so a jsonb column may parse it
   * @param reading - how the bytes were read
   * @param json - the parsed record, instead of `value`
   */
  constructor(
    value: object | undefined,
    readonly raw: Buffer,
    rejection?: Rejection,
    textual: boolean = false,
    readonly reading?: Reading,
    json?: JsonRecord,
  ) {
    this.own = { value, json, rejection, textual };
  }

  /** A record that could not be read. */
  static rejected(raw: Buffer, rule: RejectRule, message: string, column?: string): SourceRecord {
    return new SourceRecord(undefined, raw, column === undefined ? { rule, message } : { rule, column, message });
  }

  static ofJson(json: JsonRecord, raw: Buffer): SourceRecord {
    return new SourceRecord(undefined, raw, undefined, false, undefined, json);
  }

  /** A record that is parsed on first access, and never if a load passes over it. */
  static unparsed(raw: Buffer, parse: (raw: Buffer) => SourceRecord, reading?: Reading): SourceRecord {
    return new UnparsedRecord(raw, parse, reading);
  }

  get value(): object | undefined {
    const { value, json } = this.content();
    return value ?? (json && exactFields(json));
  }

  /** The record with the text of its values, if it is JSON; faster than `value`. */
  get json(): JsonRecord | undefined {
    return this.content().json;
  }

  get rejection(): Rejection | undefined {
    return this.content().rejection;
  }

  get textual(): boolean {
    return this.content().textual;
  }

  /** Why the record was rejected, where that was known before it was parsed. */
  get earlyRejection(): Rejection | undefined {
    return this.own.rejection;
  }

  /** @internal */
  protected content(): Content {
    return this.own;
  }
}

/** Each number with all of its digits. */
function exactFields(json: JsonRecord): object {
  const value = { ...json.fields };
  for (const name of Object.keys(value)) value[name] = json.exactly(name);
  return value;
}

class UnparsedRecord extends SourceRecord {
  private parsed: SourceRecord | undefined;

  constructor(
    raw: Buffer,
    private readonly parse: (raw: Buffer) => SourceRecord,
    reading: Reading | undefined,
  ) {
    super(undefined, raw, undefined, false, reading);
  }

  protected override content(): Content {
    return (this.parsed ??= this.parse(this.raw));
  }
}
