import { InvalidLoadError } from '../../errors/index.js';

/**
 * Tells a wrong argument from an empty source.
 * @throws InvalidLoadError
 */
export function checkRecords<T extends Iterable<object>>(records: T): T {
  if (isObject(records) && Symbol.iterator in records) {
    return records;
  }
  throw new InvalidLoadError('load takes an array or another Iterable of records; for an AsyncIterable use loadBatch');
}

/** The same for a load that reads async sources, too. */
export function checkAnyRecords<T extends Iterable<object> | AsyncIterable<object>>(records: T): T {
  if (isObject(records) && (Symbol.iterator in records || Symbol.asyncIterator in records)) {
    return records;
  }
  throw new InvalidLoadError(
    'loadBatch takes an Iterable or AsyncIterable of records, for example an array or a stream of objects',
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
