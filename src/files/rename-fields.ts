import { isDeepStrictEqual } from 'node:util';
import { StorageError } from '../errors/storage-error.js';
import { SourceRecord } from '../records/source-record.js';

/**
 * Parses `old=new,old2=new2`; trims white space around names.
 *
 * @throws StorageError `INVALID_RENAME` naming the faulty part
 */
export function parseRename(text: string): ReadonlyMap<string, string> {
  const rename = new Map<string, string>();
  const targets = new Set<string>();
  for (const part of text.split(',')) {
    const names = part.split('=').map((name) => name.trim());
    const [source, target] = names;
    if (names.length !== 2 || !source || !target) throw invalidRename(part, 'write old=new');
    if (rename.has(source)) throw invalidRename(part, `${source} is renamed twice`);
    if (targets.has(target)) throw invalidRename(part, `two fields would become ${target}`);
    rename.set(source, target);
    targets.add(target);
  }
  return rename;
}

function invalidRename(part: string, problem: string): StorageError {
  return new StorageError('INVALID_RENAME', `Invalid rename '${part.trim()}': ${problem}`);
}

/**
 * A copy of the record with its fields renamed, in their order. Two names may be swapped. A record that also has the new
 * name, with another value, is rejected by the rule `rename_conflict`, because one value would be lost.
 */
export function renameFields(record: SourceRecord, rename: ReadonlyMap<string, string>): SourceRecord {
  const { value, raw, textual } = record;
  if (value === undefined || ![...rename.keys()].some((name) => Object.hasOwn(value, name))) return record;
  const renamed = new Map<string, unknown>();
  for (const [name, field] of Object.entries(value)) {
    const target = rename.get(name) ?? name;
    if (renamed.has(target) && !isSame(renamed.get(target), field)) {
      const message = `the record has '${target}' and also the field renamed to it, with different values`;
      return SourceRecord.rejected(raw, 'rename_conflict', message, target);
    }
    renamed.set(target, field);
  }
  // Unlike assignment, fromEntries defines `__proto__` as an ordinary field.
  return new SourceRecord(Object.fromEntries(renamed), raw, undefined, textual);
}

function isSame(one: unknown, other: unknown): boolean {
  try {
    return isDeepStrictEqual(one, other);
  } catch {
    // Stack overflow on deep nesting: equality is unknown, so the values count as different.
    return false;
  }
}
