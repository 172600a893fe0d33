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
  ['tsv', 'csv'],
]);

const EXPLANATIONS = new Map([
  ['ENOENT', 'file not found. Check the path, or use - for standard input.'],
  ['ENOTDIR', 'a part of the path is not a directory. Check the path.'],
  ['EACCES', 'permission denied. Check the permissions of the file and its directories.'],
  ['EPERM', 'permission denied. Check the permissions of the file and its directories.'],
  ['EISDIR', 'it is a directory. Name a file in it.'],
  ['EMFILE', 'too many open files. Raise the limit (ulimit -n).'],
]);

/** An opened source of records. */
export interface OpenedSource {
  /** The bytes. Whoever opened the source must read it to the end or destroy it. */
  readonly stream: Readable;
  /** Name of the source in messages and in the history of loads. */
  readonly name: string;
  /** Size on disk, for progress; absent if unknown, as for a pipe. */
  readonly sizeBytes?: number;
  /**
   * Identifies the current state of the file, and changes when the file is written again: its real path, size and time of
   * last change in nanoseconds. Absent for anything but a file, such as a pipe.
   */
  readonly state?: string;
}

/**
 * Opens a file, or standard input for `-`.
 *
 * @throws StorageError `SOURCE_UNREADABLE` naming the path and what to do
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

/** The format of a file by its name (with or without `.gz` or `.zst`), or undefined if unknown. */
export function detectFormat(path: string): FileFormat | undefined {
  const extension = path
    .toLowerCase()
    .replace(/\.(?:gz|zst)$/, '')
    .match(/\.([^./\\]+)$/)?.[1];
  return extension === undefined ? undefined : FORMAT_BY_EXTENSION.get(extension);
}

function cannotOpen(path: string, cause: unknown): StorageError {
  return unreadable(`Could not read ${path}`, cause, EXPLANATIONS);
}
