import type { ClientBase } from 'pg';

import { writeByCopy } from './copy-writer.js';
import { copyNewRows } from './direct-writer.js';
import type { Target } from '../model/load-job.js';
import { charactersOf, COPY_FROM_ROWS, type Row } from '../model/row.js';
import { isDistributed } from '../distributed/mirror-table.js';
import { throughMirror } from './through-mirror.js';
import { writeByUpsert } from './upsert-writer.js';
import { addWritten, NOTHING_WRITTEN, type WriteCounts, type WriteSettings } from './write-staged.js';

/** A parameter of {@link writeByUpsert} holds a column of all rows as one text, of at most 512 MiB. */
export const COPY_FROM_CHARACTERS = 16 * 1024 * 1024;

/** How one attempt writes rows. */
export interface AttemptSettings extends WriteSettings {
  /** New rows may go straight into the table. */
  readonly copiesNewRows: boolean;
}

/**
 * Writes rows with different keys into one table, by the writer that is faster for their number: all of them delete stored
 * rows, or none does. Where the role may not
 * create temporary tables, arrays carry any number: in one statement, so that the rows may refer to each other.
 */
export async function writeRows(
  client: ClientBase,
  target: Target,
  settings: AttemptSettings,
  rows: readonly Row[],
): Promise<WriteCounts> {
  if (rows.length === 0) {
    return NOTHING_WRITTEN;
  }
  // COPY tells nothing of the rows.
  if (settings.copiesNewRows && settings.stored === undefined && isLarge(rows)) {
    const { inserted, left } = await copyNewRows(client, target, settings, rows, COPY_FROM_ROWS);
    const staged = await writeRows(client, target, { ...settings, copiesNewRows: false }, left);
    return addWritten({ ...NOTHING_WRITTEN, inserted }, staged);
  }
  if (isDistributed(target)) {
    return throughMirror(client, target, rows, (mirror) => writeRows(client, mirror, settings, rows));
  }
  if (target.plan.live.temporaryGrant !== undefined) {
    return writePieces(client, target, settings, rows);
  }
  return isLarge(rows) ? writeByCopy(client, target, settings, rows) : writeByUpsert(client, target, settings, rows);
}

function isLarge(rows: readonly Row[]): boolean {
  return rows.length >= COPY_FROM_ROWS || charactersIn(rows) > COPY_FROM_CHARACTERS;
}

/** Rows of more characters than arrays can carry need several statements. */
async function writePieces(
  client: ClientBase,
  target: Target,
  settings: WriteSettings,
  rows: readonly Row[],
): Promise<WriteCounts> {
  let counts = NOTHING_WRITTEN;
  for (let start = 0; start < rows.length;) {
    const piece = rows.slice(start, endOfPiece(rows, start));
    counts = addWritten(counts, await writeByUpsert(client, target, settings, piece));
    start += piece.length;
  }
  return counts;
}

function endOfPiece(rows: readonly Row[], start: number): number {
  let end = start;
  for (let characters = 0; end < rows.length; end += 1) {
    characters += charactersOf(rows[end] as Row);
    if (characters > COPY_FROM_CHARACTERS && end > start) {
      break;
    }
  }
  return end;
}

/** Characters of all values of rows. */
export function charactersIn(rows: readonly Row[]): number {
  return rows.reduce((characters, row) => characters + charactersOf(row), 0);
}
