import { rawBytesOf } from './raw-record.js';

/** One parameter holds the bytes of many records as one text, twice their size, which may not pass 512 MiB. */
const CHUNK_BYTES = 16 * 1024 * 1024;

/** Adds to each record the bytes quarantine keeps of it, and groups them into as many as one statement can take. */
export function* inRawChunks<R extends { readonly source: unknown }>(
  records: Iterable<R>,
): Generator<(R & { readonly raw: Buffer })[]> {
  let chunk: (R & { readonly raw: Buffer })[] = [];
  let bytes = 0;
  for (const record of records) {
    const raw = rawBytesOf(record.source);
    if (chunk.length > 0 && bytes + raw.length > CHUNK_BYTES) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push({ ...record, raw });
    bytes += raw.length;
  }
  if (chunk.length > 0) {
    yield chunk;
  }
}
