import { SourceRecord } from '../../records/source-record.js';
import { decode, type Encoding, rejectUndecodable, UTF_8 } from '../encoding.js';
import { hasInexactNumber, parseExactly } from './exact-numbers.js';
import { JsonDocument } from './json-document.js';

/**
 * `JSON.parse` without loss: integers beyond 2^53 become BigInt, other numbers that a double cannot reproduce become
 * `LosslessNumber`. The last of repeated keys wins, as in jsonb.
 *
 * @throws SyntaxError for invalid JSON, RangeError for too deep nesting; the messages may quote the text
 */
export function parseExactJson(text: string): unknown {
  // JSON.parse is several times faster, and exact for nearly every text.
  const value: unknown = JSON.parse(text);
  return hasInexactNumber(text) ? parseExactly(text) : value;
}

/**
 * Parses one JSON object without altering a value, see {@link parseExactJson}. `__proto__` is an ordinary key.
 *
 * Never throws for invalid content: it returns a rejected record.
 */
export function parseJsonRecord(raw: Buffer, encoding: Encoding = UTF_8): SourceRecord {
  const text = decode(raw, encoding);
  if (text === undefined) return rejectUndecodable(raw, encoding);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The message of the parser quotes the input, so it is not passed on.
    return SourceRecord.rejected(raw, 'invalid_json', 'the record is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return SourceRecord.rejected(raw, 'not_an_object', 'the record is JSON, but not an object');
  }
  const document = new JsonDocument(
    text,
    value as Record<string, unknown>,
    encoding === UTF_8 && raw.length === text.length ? raw : undefined,
  );
  return document.tooDeep === undefined
    ? SourceRecord.ofJson(document, raw)
    : SourceRecord.rejected(raw, 'nesting_too_deep', 'the record is nested too deeply', document.tooDeep);
}

/** {@link parseJsonRecord} for one encoding. */
export function jsonParser(encoding?: Encoding): (raw: Buffer) => SourceRecord {
  return (raw) => parseJsonRecord(raw, encoding);
}
