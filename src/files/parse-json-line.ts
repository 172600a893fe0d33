import { isLosslessNumber } from 'lossless-json';
import { SourceRecord } from '../records/source-record.js';
import { decode, type Encoding, rejectUndecodable, UTF_8 } from './encoding.js';
import { needsExactNumbers, parseExactly } from './exact-numbers.js';

/**
 * `JSON.parse` without loss: integers beyond 2^53 become BigInt, other numbers that a double cannot reproduce become
 * `LosslessNumber`. The last of repeated keys wins, as in jsonb.
 *
 * @throws SyntaxError for invalid JSON, RangeError for too deep nesting; the messages may quote the text
 */
export function parseExactJson(text: string): unknown {
  // JSON.parse is several times faster, and exact for nearly every record.
  return needsExactNumbers(text) ? parseExactly(text) : JSON.parse(text);
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
    value = parseExactJson(text);
  } catch (error) {
    return rejectedByParser(raw, error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isLosslessNumber(value)) {
    return SourceRecord.rejected(raw, 'not_an_object', 'the record is JSON, but not an object');
  }
  return new SourceRecord(value, raw);
}

/** {@link parseJsonRecord} for one encoding. */
export function jsonParser(encoding?: Encoding): (raw: Buffer) => SourceRecord {
  return (raw) => parseJsonRecord(raw, encoding);
}

function rejectedByParser(raw: Buffer, error: unknown): SourceRecord {
  // The exact parser recurses; a deeply nested record overflows its stack, which is caught below.
  if (error instanceof RangeError) {
    return SourceRecord.rejected(raw, 'nesting_too_deep', 'the record is nested too deeply');
  }
  // The messages of the parsers quote the input, so they are not passed on.
  return SourceRecord.rejected(raw, 'invalid_json', 'the record is not valid JSON');
}
