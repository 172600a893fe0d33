/** A message of a client to Postgres. */
interface FrontendMessage {
  readonly bytes: Buffer;
  /** The text of a statement: of a simple query, of one to be parsed, or of one that runs again without being parsed. */
  readonly sql?: string;
}

const LENGTH_BYTES = 4;

/**
 * Splits what a client sends into messages: first the startup message, which has no type, then messages of a type byte
 * and a length. https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export class MessageSplitter {
  private rest = Buffer.alloc(0);
  private typeBytes = 0;
  /** Texts of the prepared statements, by name. */
  private readonly prepared = new Map<string, string>();
  private parsed: string | undefined;

  /** The messages that are complete with this chunk. */
  *push(chunk: Buffer): Generator<FrontendMessage> {
    this.rest = Buffer.concat([this.rest, chunk]);
    for (let size = this.nextSize(); size <= this.rest.length; size = this.nextSize()) {
      const bytes = this.rest.subarray(0, size);
      this.rest = this.rest.subarray(size);
      const isStartup = this.typeBytes === 0;
      this.typeBytes = 1;
      yield { bytes, sql: isStartup ? undefined : this.statementIn(bytes) };
    }
  }

  private nextSize(): number {
    const headBytes = this.typeBytes + LENGTH_BYTES;
    return this.rest.length < headBytes ? Infinity : this.typeBytes + this.rest.readInt32BE(this.typeBytes);
  }

  private statementIn(bytes: Buffer): string | undefined {
    const type = String.fromCharCode(bytes[0] ?? 0);
    const [first = '', second = ''] = bytes
      .subarray(1 + LENGTH_BYTES)
      .toString('utf8', 0, 2_000)
      .split('\0', 2);
    if (type === 'P') {
      // The name of the statement stands before it.
      this.prepared.set(first, second);
      this.parsed = first;
      return second;
    }
    if (type === 'B') {
      // The names of the portal and of the statement.
      const isParsed = this.parsed === second;
      this.parsed = undefined;
      return isParsed ? undefined : this.prepared.get(second);
    }
    return type === 'Q' ? first : undefined;
  }
}
