import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { unreadable } from './unreadable.js';

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const GUNZIP_CHUNK_BYTES = 256 * 1024;

const EXPLANATIONS = new Map([
  ['Z_BUF_ERROR', 'the gzip data is truncated. Download or copy the file again.'],
  ['Z_DATA_ERROR', 'the gzip data is damaged, or other bytes follow it. Download or copy the file again.'],
  ['ERR_STREAM_PREMATURE_CLOSE', 'the stream was closed before its end'],
]);

/**
 * The bytes of a source, decompressed if gzip, without a byte order mark. Closes the source when the consumer stops
 * early.
 *
 * @param name - name of the source in errors
 * @throws StorageError `SOURCE_UNREADABLE` when reading fails, or gzip data is truncated or damaged
 */
export async function* readBytes(source: Readable, name: string): AsyncGenerator<Buffer> {
  try {
    const { head, all } = await peek(bytesOf(source), GZIP_MAGIC.length);
    const plain = await peek(head.equals(GZIP_MAGIC) ? gunzip(all) : all, BYTE_ORDER_MARK.length);
    let skip = plain.head.equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
    for await (const chunk of plain.all) {
      yield chunk.subarray(skip);
      skip = 0;
    }
  } catch (error) {
    throw unreadable(`Could not read ${name} to its end`, error, EXPLANATIONS);
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

async function* gunzip(compressed: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let fed = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of compressed) {
      fed += chunk.length;
      yield chunk;
    }
  };
  const stream = createGunzip({ chunkSize: GUNZIP_CHUNK_BYTES });
  // pipeline requires a callback; iterating the stream throws the same error.
  pipeline(counted, stream, () => {});
  yield* stream as AsyncIterable<Buffer>;
  // A zero byte after a member ends the stream without an error, whatever follows.
  if (fed > stream.bytesWritten) throw new Error('other bytes follow the gzip data. Remove them.');
}
