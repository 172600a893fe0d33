import { SourceRecord } from '../records/source-record.js';
import { rawBytesOf } from './raw-record.js';

/** One parameter holds the bytes of many records as one text of twice their size, at most 512 MiB. */
const CHUNK_BYTES = 16 * 1024 * 1024;

/** What quarantine keeps of a record. */
export interface KeptForm {
  readonly raw: Buffer;
  /** How its bytes were read, as JSON; null for a record passed as an object. */
  readonly reading: string | null;
}

/** Adds the kept form to each record, and groups records into chunks that fit into one statement. */
export function* inRawChunks<R extends { readonly source: unknown }>(
  records: Iterable<R>,
): Generator<(R & KeptForm)[]> {
  let chunk: (R & KeptForm)[] = [];
  let bytes = 0;
  for (const record of records) {
    const { source } = record;
    const raw = rawBytesOf(source);
    const reading = source instanceof SourceRecord && source.reading ? JSON.stringify(source.reading) : null;
    const size = raw.length + (reading?.length ?? 0);
    if (chunk.length > 0 && bytes + size > CHUNK_BYTES) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push({ ...record, raw, reading });
    bytes += size;
  }
  if (chunk.length > 0) {
    yield chunk;
  }
}
