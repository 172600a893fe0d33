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

/** Content of a record. */
interface Content {
  readonly value: object | undefined;
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
export class SourceRecord implements Content {
  private readonly own: Content;

  /**
   * @param value - the parsed record; undefined if rejected
   * @param raw - the original bytes without the line end. They may be a view of a larger buffer: copy them before keeping
   * them for long.
   * @param rejection - why there is no value
   * @param textual - every value is text (csv), so a jsonb column may parse it
   * @param reading - how the bytes were read
   */
  constructor(
    value: object | undefined,
    readonly raw: Buffer,
    rejection?: Rejection,
    textual: boolean = false,
    readonly reading?: Reading,
  ) {
    this.own = { value, rejection, textual };
  }

  /** A record that could not be read. */
  static rejected(raw: Buffer, rule: RejectRule, message: string, column?: string): SourceRecord {
    return new SourceRecord(undefined, raw, column === undefined ? { rule, message } : { rule, column, message });
  }

  /** A record that is parsed on first access, and never if a load passes over it. */
  static unparsed(raw: Buffer, parse: (raw: Buffer) => SourceRecord, reading?: Reading): SourceRecord {
    return new UnparsedRecord(raw, parse, reading);
  }

  get value(): object | undefined {
    return this.content().value;
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

  protected content(): Content {
    return this.own;
  }
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
