import type { Readable } from 'node:stream';
import { StorageError } from '../errors/storage-error.js';
import { COMPRESSION_FAULTS, decompressed, kindOf, MAGIC_BYTES } from './decompress.js';
import { type Encoding, unitBytes, UTF_16_BE, UTF_16_LE, UTF_8 } from './encoding.js';
import { unreadable } from './unreadable.js';

const BYTE_ORDER_MARKS: readonly (readonly [Encoding, Buffer])[] = [
  [UTF_8, Buffer.from([0xef, 0xbb, 0xbf])],
  [UTF_16_LE, Buffer.from([0xff, 0xfe])],
  [UTF_16_BE, Buffer.from([0xfe, 0xff])],
];
/** Enough for a byte order mark, and to tell UTF-16 without one. */
const HEAD_BYTES = 4;

const EXPLANATIONS = new Map([
  ...COMPRESSION_FAULTS,
  ['ERR_STREAM_PREMATURE_CLOSE', 'the stream was closed before its end'],
]);

/** Whether a file of UTF-8 that starts with these bytes, whatever follows them, would be read as that, and whole. */
export function startsPlainly(head: Buffer): boolean {
  const mark = BYTE_ORDER_MARKS.some(([, bytes]) => head.subarray(0, bytes.length).equals(bytes));
  // With a zero among them, the bytes that follow decide whether it looks like UTF-16.
  return !mark && !head.subarray(0, HEAD_BYTES).includes(0) && kindOf(head) === undefined;
}

/** The bytes of a text file. */
export interface FileBytes {
  readonly encoding: Encoding;
  /** Decompressed, without a byte order mark; each chunk holds whole code units, but for a last one. */
  readonly chunks: AsyncGenerator<Buffer>;
}

/**
 * Opens a source: finds out whether it is compressed, and its encoding. Closes the source when the consumer stops early.
 *
 * @param name - name of the source in errors
 * @param given - the encoding, if it is known
 * @throws StorageError `SOURCE_UNREADABLE` when reading fails, compressed data is truncated or damaged, or the encoding is
 * another one; the chunks throw it too
 */
export async function readBytes(source: Readable, name: string, given?: Encoding): Promise<FileBytes> {
  const explain = (error: unknown): StorageError =>
    error instanceof StorageError ? error : unreadable(`Could not read ${name} to its end`, error, EXPLANATIONS);
  try {
    const { head, all } = await peek(bytesOf(source), MAGIC_BYTES);
    const plain = await peek(decompressed(head, all), HEAD_BYTES);
    const [marked, mark] =
      BYTE_ORDER_MARKS.find(([, bytes]) => plain.head.subarray(0, bytes.length).equals(bytes)) ?? [];
    const encoding = chooseEncoding(plain.head, name, given, marked);
    return { encoding, chunks: chunksOf(plain.all, mark?.length ?? 0, unitBytes(encoding), explain) };
  } catch (error) {
    source.destroy();
    throw explain(error);
  }
}

function chooseEncoding(
  head: Buffer,
  name: string,
  given: Encoding | undefined,
  marked: Encoding | undefined,
): Encoding {
  if (given !== undefined && marked !== undefined && given !== marked) {
    const message = `${name} has the byte order mark of ${marked}, but --encoding is ${given}. Remove --encoding.`;
    throw new StorageError('SOURCE_UNREADABLE', message);
  }
  const likely = given ?? marked ?? utf16WithoutMark(head);
  if (likely !== given && likely !== marked) {
    throw new StorageError(
      'SOURCE_UNREADABLE',
      `${name} is not UTF-8, but probably ${likely}. Add --encoding ${likely}`,
    );
  }
  return likely ?? UTF_8;
}

/** Every other byte of ASCII text in UTF-16 is 0, which no text in UTF-8 has. */
function utf16WithoutMark(head: Buffer): Encoding | undefined {
  const zeros = Array.from(head, (byte) => (byte === 0 ? '0' : 'x')).join('');
  return { x0x0: UTF_16_LE, '0x0x': UTF_16_BE }[zeros];
}

async function* chunksOf(
  bytes: AsyncGenerator<Buffer>,
  skip: number,
  width: 1 | 2,
  explain: (error: unknown) => StorageError,
): AsyncGenerator<Buffer> {
  let toSkip = skip;
  let half: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of bytes) {
      const rest = chunk.subarray(toSkip);
      toSkip = 0;
      if (width === 1) {
        yield rest;
        continue;
      }
      const whole = half.length === 0 ? rest : Buffer.concat([half, rest]);
      const end = whole.length - (whole.length % width);
      half = whole.subarray(end);
      yield whole.subarray(0, end);
    }
    if (half.length > 0) yield half;
  } catch (error) {
    throw explain(error);
  }
}

async function* bytesOf(source: Readable): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    // A stream of strings was decoded already: invalid bytes are lost, and a rejection could not keep them.
    if (!(chunk instanceof Uint8Array)) throw new TypeError('expected a stream of bytes without an encoding');
    yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}

/** The first `size` bytes (fewer if the source is shorter), and all bytes including these. */
async function peek(
  bytes: AsyncGenerator<Buffer>,
  size: number,
): Promise<{ head: Buffer; all: AsyncGenerator<Buffer> }> {
  let first: Buffer = Buffer.alloc(0);
  while (first.length < size) {
    const next = await bytes.next();
    if (next.done === true) break;
    first = first.length === 0 ? next.value : Buffer.concat([first, next.value]);
  }
  return { head: first.subarray(0, size), all: continued(first, bytes) };
}

async function* continued(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
