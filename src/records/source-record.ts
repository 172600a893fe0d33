/** Why a record was refused before it could be normalised: the name of the rule, and a message without values. */
export interface Refusal {
  /** Stable name of the rule, for example `invalid_json`. */
  readonly rule: string;
  /** The column or field the rule was broken in, when there is one. */
  readonly column?: string;
  /** For people; never holds a value of the record. */
  readonly message: string;
}

/** A record together with the bytes it came from, so that quarantine can keep it exactly as it came. */
export class SourceRecord {
  /**
   * @param value - the parsed record; undefined when it was refused
   * @param raw - its bytes as they came, without the line end. They may be a window on a larger buffer: copy them
   * before keeping them for long.
   * @param refusal - why there is no value
   * @param textual - every value is text (csv), so a jsonb column may parse it
   */
  constructor(
    readonly value: object | undefined,
    readonly raw: Buffer,
    readonly refusal?: Refusal,
    readonly textual: boolean = false,
  ) {}

  /** A record that could not be read. */
  static refused(raw: Buffer, rule: string, message: string, column?: string): SourceRecord {
    return new SourceRecord(undefined, raw, column === undefined ? { rule, message } : { rule, column, message });
  }
}
