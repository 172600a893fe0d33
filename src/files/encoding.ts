import { isUtf8 } from 'node:buffer';
import { StorageError } from '../errors/storage-error.js';
import { SourceRecord } from '../records/source-record.js';

/** Name of an encoding, as the Encoding Standard writes it: https://encoding.spec.whatwg.org/#names-and-labels */
export type Encoding = string;

export const UTF_8: Encoding = 'utf-8';
export const UTF_16_LE: Encoding = 'utf-16le';
export const UTF_16_BE: Encoding = 'utf-16be';
const WINDOWS_1252: Encoding = 'windows-1252';

/** Escape sequences switch the characters of the one, so that a byte alone has no meaning; the other is for browsers. */
const UNUSABLE: ReadonlySet<Encoding> = new Set(['iso-2022-jp', 'x-user-defined']);

/** The later byte of a character may be an ASCII letter, bracket, backslash or bar; never a comma, quote or line end. */
const MULTI_BYTE: ReadonlySet<Encoding> = new Set(['big5', 'euc-jp', 'euc-kr', 'gb18030', 'gbk', 'shift_jis']);

/** windows-1252 from 0x80 to 0x9f; a space where it has no character. Some releases of Node decode these wrongly. */
const WINDOWS_1252_80_TO_9F = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ';

/**
 * The encoding of a label such as `latin1`, `cp1252`, `UTF-16` or `Shift_JIS`.
 *
 * @throws StorageError `UNKNOWN_ENCODING`
 */
export function parseEncoding(label: string): Encoding {
  let name: Encoding | undefined;
  try {
    name = new TextDecoder(label).encoding;
  } catch {
    // Reported below.
  }
  if (name === undefined || UNUSABLE.has(name)) {
    const message = `Unknown encoding '${label}'. Examples: utf-8, utf-16le, utf-16be, windows-1252, iso-8859-15`;
    throw new StorageError('UNKNOWN_ENCODING', message);
  }
  return name;
}

/** Whether a byte below 0x80 may be part of a longer character. */
export function isMultiByte(encoding: Encoding): boolean {
  return MULTI_BYTE.has(encoding);
}

/** Bytes of a code unit. */
export function unitBytes(encoding: Encoding): 1 | 2 {
  return encoding === UTF_16_LE || encoding === UTF_16_BE ? 2 : 1;
}

/** One byte for each code unit: its own if it is ASCII, else any byte from 0x80. */
export function asciiUnits(bytes: Buffer, encoding: Encoding): Buffer {
  if (unitBytes(encoding) === 1) return bytes;
  const [low, high] = encoding === UTF_16_LE ? [0, 1] : [1, 0];
  const units = Buffer.alloc(Math.ceil(bytes.length / 2), 0xff);
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    if (bytes[at + high] === 0) units[at / 2] = bytes[at + low] ?? 0xff;
  }
  return units;
}

/** The text of the bytes; undefined if they are not valid in the encoding. */
export function decode(bytes: Buffer, encoding: Encoding): string | undefined {
  switch (encoding) {
    case UTF_8:
      // Decoding would silently replace broken bytes by U+FFFD.
      return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
    case UTF_16_LE:
      return decodeUtf16(bytes);
    case UTF_16_BE:
      return bytes.length % 2 === 0 ? decodeUtf16(Buffer.from(bytes).swap16()) : undefined;
    case WINDOWS_1252:
      return decodeWindows1252(bytes);
    default:
      return decodeByPlatform(bytes, encoding);
  }
}

function decodeUtf16(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf16le');
  return bytes.length % 2 === 0 && text.isWellFormed() ? text : undefined;
}

function decodeWindows1252(bytes: Buffer): string | undefined {
  if (bytes.every((byte) => byte < 0x80 || byte > 0x9f)) return bytes.toString('latin1');
  const characters = Array.from(bytes, (byte) =>
    byte < 0x80 || byte > 0x9f ? String.fromCharCode(byte) : (WINDOWS_1252_80_TO_9F[byte - 0x80] ?? ' '),
  );
  return characters.some((character, at) => character === ' ' && bytes[at] !== 0x20) ? undefined : characters.join('');
}

const decoders = new Map<Encoding, InstanceType<typeof TextDecoder>>();

function decodeByPlatform(bytes: Buffer, encoding: Encoding): string | undefined {
  let decoder = decoders.get(encoding);
  if (decoder === undefined) {
    decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
    decoders.set(encoding, decoder);
  }
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** What is wrong with bytes that have no text, and what to do. */
export function undecodable(encoding: Encoding): string {
  return encoding === UTF_8
    ? 'is not valid UTF-8. If the file has another encoding, name it: --encoding windows-1252, for example'
    : `is not valid ${encoding}. Name the encoding of the file by --encoding`;
}

/** A record whose bytes have no text. */
export function rejectUndecodable(raw: Buffer, encoding: Encoding): SourceRecord {
  const rule = encoding === UTF_8 ? 'invalid_utf8' : 'invalid_encoding';
  return SourceRecord.rejected(raw, rule, `the record ${undecodable(encoding)}`);
}
