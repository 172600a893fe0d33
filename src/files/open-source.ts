import { open, realpath } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { StorageError } from '../errors/storage-error.js';
import type { FileFormat } from './record-reader.js';
import { unreadable } from './unreadable.js';

const READ_CHUNK_BYTES = 256 * 1024;

const FORMAT_BY_EXTENSION = new Map<string, FileFormat>([
  ['jsonl', 'jsonl'],
  ['ndjson', 'jsonl'],
  ['json', 'json'],
  ['csv', 'csv'],
]);

const EXPLANATIONS = new Map([
  ['ENOENT', 'there is no such file; check the path, or use - for standard input'],
  ['ENOTDIR', 'a part of the path is not a directory; check the path'],
  ['EACCES', 'this user may not read it; check the permissions of the file and its directories'],
  ['EPERM', 'this user may not read it; check the permissions of the file and its directories'],
  ['EISDIR', 'it is a directory; name a file in it'],
  ['EMFILE', 'too many files are open; raise the limit (ulimit -n)'],
]);

/** Something to read records from. */
export interface OpenedSource {
  /** Its bytes. Whoever opened it reads it to the end or destroys it. */
  readonly stream: Readable;
  /** What to call it in messages and in the history of loads. */
  readonly name: string;
  /** Its size on disk, which progress is measured by; absent when it cannot be known, as for a pipe. */
  readonly sizeBytes?: number;
  /**
   * What tells the file as it is now from other files, and from itself once it has grown or was written again: its real
   * path, size and time of last change to the nanosecond. Absent where there is no file, as for a pipe.
   */
  readonly state?: string;
}

/**
 * Opens a file, or standard input for `-`.
 *
 * @throws StorageError `SOURCE_UNREADABLE` naming the path and the way out
 */
export async function openSource(path: string): Promise<OpenedSource> {
  if (path === '-') return { stream: process.stdin, name: 'standard input' };
  const file = await open(path, 'r').catch((error: unknown) => {
    throw cannotOpen(path, error);
  });
  try {
    const stats = await file.stat({ bigint: true });
    if (stats.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
    const stream = file.createReadStream({ highWaterMark: READ_CHUNK_BYTES });
    if (!stats.isFile()) return { stream, name: path };
    const state = JSON.stringify([await realpath(path), String(stats.size), String(stats.mtimeNs)]);
    return { stream, name: path, sizeBytes: Number(stats.size), state };
  } catch (error) {
    await file.close();
    throw cannotOpen(path, error);
  }
}

/** The format a file name stands for by its ending (with or without `.gz`), or undefined when it does not say. */
export function detectFormat(path: string): FileFormat | undefined {
  const extension = path
    .toLowerCase()
    .replace(/\.gz$/, '')
    .match(/\.([^./\\]+)$/)?.[1];
  return extension === undefined ? undefined : FORMAT_BY_EXTENSION.get(extension);
}

function cannotOpen(path: string, cause: unknown): StorageError {
  return unreadable(`cannot read ${path}`, cause, EXPLANATIONS);
}
