import { pipeline, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';

const OUTPUT_CHUNK_BYTES = 256 * 1024;

type Bytes = AsyncGenerator<Buffer>;

/** How files of a kind begin, as latin1, and what reads them, or what the file is where nothing here does. */
const KINDS: readonly (readonly [string, ((compressed: Bytes) => Bytes) | string])[] = [
  ['\x1f\x8b', gunzip],
  ['\x28\xb5\x2f\xfd', unzstd],
  ['PK\x03\x04', 'a zip archive or a spreadsheet (xlsx, ods). Unpack it, or save it as csv.'],
  ['\xd0\xcf\x11\xe0', 'an Office document (xls). Save it as csv.'],
  ...Array.from('123456789', (level) => [`BZh${level}1A`, 'compressed by bzip2. Unpack it: bzip2 -d'] as const),
  ['\xfd7zXZ', 'compressed by xz. Unpack it: xz -d'],
];

/** How bytes that start so are read; undefined for plain ones. */
export function kindOf(head: Buffer): ((compressed: Bytes) => Bytes) | string | undefined {
  const text = head.toString('latin1', 0, MAGIC_BYTES);
  return KINDS.find(([magic]) => text.startsWith(magic))?.[1];
}

/** How many bytes {@link decompressed} needs to see. */
export const MAGIC_BYTES = 6;

/**
 * The plain bytes of a file.
 *
 * @param head - its first bytes
 * @throws Error when it is of a kind that cannot be read
 */
export function decompressed(head: Buffer, all: Bytes): Bytes {
  const read = kindOf(head);
  if (typeof read === 'string') throw new Error(`it is ${read}`);
  return read === undefined ? all : read(all);
}

/** What zlib reports, and what to do. */
export const COMPRESSION_FAULTS: readonly (readonly [string, string])[] = [
  ['Z_BUF_ERROR', 'the gzip data is truncated. Download or copy the file again.'],
  ['Z_DATA_ERROR', 'the gzip data is damaged, or other bytes follow it. Download or copy the file again.'],
];

function gunzip(compressed: Bytes): Bytes {
  return through(
    zlib.createGunzip({ chunkSize: OUTPUT_CHUNK_BYTES }),
    compressed,
    'other bytes follow the gzip data. Remove them.',
  );
}

function unzstd(compressed: Bytes): Bytes {
  // Node 22.15 and 23.8 brought it.
  const { createZstdDecompress } = zlib as {
    readonly createZstdDecompress?: (options: zlib.ZlibOptions) => Inflater;
  };
  if (createZstdDecompress === undefined) {
    throw new Error(`Node ${process.version} cannot read zstd. Use Node 22.15, 24 or later, or unpack it: zstd -d`);
  }
  return through(
    createZstdDecompress({ chunkSize: OUTPUT_CHUNK_BYTES }),
    compressed,
    'the zstd data has several frames, or other bytes follow it. Unpack it: zstd -d',
  );
}

type Inflater = Transform & { readonly bytesWritten: number };

async function* through(stream: Inflater, compressed: Bytes, whenMoreFollows: string): Bytes {
  let fed = 0;
  const counted = async function* (): Bytes {
    for await (const chunk of compressed) {
      fed += chunk.length;
      yield chunk;
    }
  };
  // pipeline requires a callback; iterating the stream throws the same error.
  pipeline(counted, stream, () => {});
  yield* stream as AsyncIterable<Buffer>;
  // A zero byte after a member of gzip, and the end of a frame of zstd, end the stream without an error, whatever follows.
  if (fed > stream.bytesWritten) throw new Error(whenMoreFollows);
}
