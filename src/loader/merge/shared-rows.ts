import { isDeepStrictEqual } from 'node:util';

import type { LoadJob } from '../model/load-job.js';
import type { KeyedRow, LoadUnit } from '../model/load-unit.js';
import type { Row } from '../model/row.js';

// Rows of a combined load: those of one record have different keys, and records may share a row.

/** A row of a record that has the key of one before it. */
export function repeatedRow({ keyedRows = [] }: LoadUnit): KeyedRow | undefined {
  const keys = keyedRows.map(({ key }) => key);
  return new Set(keys).size === keys.length ? undefined : keyedRows.find(({ key }, index) => keys.indexOf(key) < index);
}

/**
 * Splits records into runs, in input order: the rows of a run that have one key are equal. So the rows of a run can be
 * written together, each once; a record that changes a row of an earlier one begins another run. The order stays, since
 * rows may also refer to each other.
 */
export function splitIntoRuns(units: readonly LoadUnit[]): LoadUnit[][] {
  const runs: LoadUnit[][] = [];
  let seen = new Map<string, Row>();
  for (const unit of units) {
    const { keyedRows = [] } = unit;
    const changes = keyedRows.some(({ key, row }) => {
      const other = seen.get(key);
      return other !== undefined && !isSameRow(other, row);
    });
    if (changes || runs.length === 0) {
      runs.push([]);
      seen = new Map();
    }
    runs.at(-1)?.push(unit);
    keyedRows.forEach(({ key, row }) => seen.set(key, row));
  }
  return runs;
}

function isSameRow(one: Row, other: Row): boolean {
  return (
    one.values.every((value, index) => value === other.values[index]) &&
    isDeepStrictEqual([one.fills, one.extra], [other.fills, other.extra])
  );
}

/** The units of a run as they are written together: each row once, with the first unit that has it. */
export function withoutSharedRows({ targets, hasKeysApart }: LoadJob, run: readonly LoadUnit[]): readonly LoadUnit[] {
  if (!hasKeysApart) {
    return run;
  }
  const seen = new Set<string>();
  return run.map((unit) => {
    const { keyedRows = [] } = unit;
    const own = keyedRows.filter(({ key }) => !seen.has(key));
    own.forEach(({ key }) => seen.add(key));
    if (own.length === keyedRows.length) {
      return unit;
    }
    const rows = targets.map((_, index) => own.filter(({ target }) => target === index).map(({ row }) => row));
    return { ...unit, rows: rows.map(([first]) => first), more: rows.map((all) => all.slice(1)), parts: [unit] };
  });
}
