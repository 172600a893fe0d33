import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { type ReadRecordsOptions, readRecords } from '../../../src/files/read-records.js';
import type { SourceRecord } from '../../../src/records/source-record.js';

// Shrinking a failure across chunk boundaries can take many minutes: report what was found before jest gives up.
fc.configureGlobal({ interruptAfterTimeLimit: 20_000 });

/** A stream that delivers the bytes cut at the given positions. */
export function streamOf(bytes: Buffer | string, cuts: readonly number[] = []): Readable {
  const whole = Buffer.from(bytes);
  const edges = [0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length].sort((a, b) => a - b);
  const chunks = edges.slice(1).map((edge, index) => whole.subarray(edges[index], edge));
  return Readable.from(
    chunks.filter((chunk) => chunk.length > 0),
    { objectMode: false },
  );
}

/** All records of the bytes. */
export async function collect(
  bytes: Buffer | string,
  options: ReadRecordsOptions,
  cuts?: readonly number[],
): Promise<SourceRecord[]> {
  return drain(readRecords(streamOf(bytes, cuts), options));
}

/** Everything a generator yields. */
export async function drain<T>(generated: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of generated) all.push(each);
  return all;
}

/** All a record says, apart from how it came to it. */
export function contentOf({ value, raw, rejection, textual }: SourceRecord): object {
  return { value, raw, rejection, textual };
}

/** What a record is about, short enough to compare: its value, or the rule it was rejected by. */
export function outcome(record: SourceRecord): unknown {
  return record.rejection?.rule ?? record.value;
}
