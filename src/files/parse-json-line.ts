import { isUtf8 } from 'node:buffer';
import { isLosslessNumber } from 'lossless-json';
import { SourceRecord } from '../records/source-record.js';
import { needsExactNumbers, parseExactly } from './exact-numbers.js';

/**
 * `JSON.parse` without loss: integers beyond 2^53 arrive as BigInt, other numbers a double cannot give back as
 * `LosslessNumber`. Of a repeated key the last one wins, as in jsonb.
 *
 * @throws SyntaxError when the text is not JSON, RangeError when it is nested too deeply; the messages may quote the text
 */
export function parseExactJson(text: string): unknown {
  // JSON.parse is several times faster, and right for nearly every record.
  return needsExactNumbers(text) ? parseExactly(text) : JSON.parse(text);
}

/**
 * Parses the bytes of one JSON object without altering a value, see {@link parseExactJson}. `__proto__` is an ordinary
 * key.
 *
 * Never throws for what the bytes say: a record that cannot be read comes back with a rejection.
 */
export function parseJsonRecord(raw: Buffer): SourceRecord {
  // Decoding would replace broken bytes by U+FFFD without a word.
  if (!isUtf8(raw)) return SourceRecord.rejected(raw, 'invalid_utf8', 'the record is not valid UTF-8');
  const text = raw.toString('utf8');
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

function rejectedByParser(raw: Buffer, error: unknown): SourceRecord {
  // The parser that keeps digits recurses; too deep a record overflows its stack, which is caught like any error.
  if (error instanceof RangeError) {
    return SourceRecord.rejected(raw, 'nesting_too_deep', 'the record is nested too deeply to be parsed');
  }
  // The parsers' own messages quote the input, so they are not passed on.
  return SourceRecord.rejected(raw, 'invalid_json', 'the record is not valid JSON');
}
