import type { RejectReason, RejectRule } from './reject-reasons.js';

/** Why a record was rejected: the name of the rule or the SQLSTATE, and a message without values. */
export interface Rejection {
  /** Stable name of the rule, for example `invalid_json`. */
  readonly rule: RejectReason;
  /** The column or field the rule was broken in, when there is one. */
  readonly column?: string;
  /** For people; never holds a value of the record. */
  readonly message: string;
}

/** What the bytes of a record say. */
interface Content {
  readonly value: object | undefined;
  readonly rejection: Rejection | undefined;
  readonly textual: boolean;
}

/**
 * How the bytes of a record of a file were read: what it takes to read them again. Plain data, which quarantine keeps as
 * JSON.
 */
export interface Reading {
  readonly format: 'jsonl' | 'json' | 'csv';
  /** Names of the cells; csv only. */
  readonly header?: readonly string[];
  /** Fields that were renamed, old name to new name. */
  readonly rename?: Readonly<Record<string, string>>;
}

/** The rule that rejects a record of which only the head is kept: it can never be read again. */
export const LINE_TOO_LONG = 'line_too_long' satisfies RejectRule;

/** A record together with the bytes it came from, so that quarantine can keep it exactly as it came. */
export class SourceRecord implements Content {
  private readonly own: Content;

  /**
   * @param value - the parsed record; undefined when it was rejected
   * @param raw - its bytes as they came, without the line end. They may be a window on a larger buffer: copy them
   * before keeping them for long.
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

  /** A record that is parsed when it is first looked at: one that a load passes over never is. */
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
