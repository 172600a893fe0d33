import { isDeepStrictEqual } from 'node:util';
import { StorageError } from '../errors/storage-error.js';
import { type JsonRecord, SourceRecord } from '../records/source-record.js';

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
  const { json, raw, textual } = record;
  const fields = json?.fields ?? (record.value as Record<string, unknown> | undefined);
  if (fields === undefined || ![...rename.keys()].some((name) => Object.hasOwn(fields, name))) return record;
  const exactly = (name: string): unknown => (json === undefined ? fields[name] : json.exactly(name));
  /** Each name with the one it has in the record. */
  const origins = new Map<string, string>();
  for (const name of Object.keys(fields)) {
    const target = rename.get(name) ?? name;
    const other = origins.get(target);
    if (other !== undefined && !isSame(exactly(other), exactly(name))) {
      const message = `the record has '${target}' and also the field renamed to it, with different values`;
      return SourceRecord.rejected(raw, 'rename_conflict', message, target);
    }
    origins.set(target, name);
  }
  // Unlike assignment, fromEntries defines `__proto__` as an ordinary field.
  const renamed = Object.fromEntries(Array.from(origins, ([target, name]) => [target, fields[name]]));
  return json === undefined
    ? new SourceRecord(renamed, raw, undefined, textual)
    : SourceRecord.ofJson(renamedJson(json, renamed, origins), raw);
}

function renamedJson(
  json: JsonRecord,
  fields: Record<string, unknown>,
  origins: ReadonlyMap<string, string>,
): JsonRecord {
  const originOf = (name: string): string => origins.get(name) ?? name;
  return {
    fields,
    memberOf: (name) => json.memberOf(originOf(name)),
    exactly: (name) => json.exactly(originOf(name)),
  };
}

function isSame(one: unknown, other: unknown): boolean {
  try {
    return isDeepStrictEqual(one, other);
  } catch {
    // Stack overflow on deep nesting: equality is unknown, so the values count as different.
    return false;
  }
}
