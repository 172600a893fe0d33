import type { EntityManager } from 'typeorm';

import { type Check, findMistakes, integerFrom, takeOptions } from '../../errors/find-mistakes.js';
import { InvalidLoadError } from '../../errors/index.js';
import { type LoadOptions, resolveLoadOptions } from '../model/load-options.js';

/** Options of a buffer. */
export interface BufferOptions<K extends string = string> extends Pick<
  LoadOptions,
  'disposition' | 'primaryKey' | 'newerBy' | 'updateColumns' | 'keepColumns' | 'deleteWhen' | 'history' | 'source'
> {
  /** Records of one load at most. @default 1000 */
  readonly maxRecords?: number | undefined;
  /** Milliseconds that a record waits for others while no load runs. @default 5 */
  readonly maxWaitMs?: number | undefined;
  /** Records that wait or are being loaded, at most; `add` rejects further ones. @default 10000 */
  readonly maxPending?: number | undefined;
  /** Properties whose stored values the outcome of each record has. @default none */
  readonly returning?: readonly K[] | undefined;
}

/** Options of a buffer of records that feed several tables. */
export type CombinedBufferOptions = Pick<
  BufferOptions,
  'maxRecords' | 'maxWaitMs' | 'maxPending' | 'history' | 'source'
>;

/** Limits of a buffer, with their defaults. */
export type BufferLimits = Readonly<Record<'maxRecords' | 'maxWaitMs' | 'maxPending', number>>;

/** The options of every load of a buffer. */
export interface BufferedLoadOptions<K extends string> extends Omit<
  BufferOptions<K>,
  keyof BufferLimits | 'returning'
> {
  readonly returning: readonly K[];
}

/** Checked by the loads themselves. */
const OF_LOADS: Check = ['an option of a load', () => true];

const CHECKS: Readonly<Record<keyof BufferOptions, Check>> = {
  maxRecords: integerFrom(1, 100_000),
  maxWaitMs: integerFrom(0, 60_000),
  maxPending: integerFrom(1),
  disposition: OF_LOADS,
  primaryKey: OF_LOADS,
  newerBy: OF_LOADS,
  updateColumns: OF_LOADS,
  keepColumns: OF_LOADS,
  deleteWhen: OF_LOADS,
  history: OF_LOADS,
  source: OF_LOADS,
  returning: OF_LOADS,
};

/** @throws InvalidLoadError when the loads of a buffer would join the transaction of a caller */
export function checkOwnTransactions(manager: EntityManager | undefined): void {
  if (manager !== undefined) {
    throw new InvalidLoadError("A buffer commits its loads itself, so it cannot load inside a caller's transaction");
  }
}

/**
 * Parts the limits of a buffer from the options of its loads.
 * @throws InvalidLoadError naming every wrong option
 */
export function resolveBufferOptions<K extends string>(
  given: BufferOptions<K>,
): readonly [BufferLimits, BufferedLoadOptions<K>] {
  const options = takeOptions(given, CHECKS, 'a buffer');
  const mistakes = findMistakes(options, CHECKS, 'no option of a buffer');
  if (options.disposition === 'replace') {
    mistakes.push("disposition 'replace' does not go with a buffer: use load or loadBatch");
  }
  if (mistakes.length > 0) {
    throw new InvalidLoadError(`The options of the buffer are wrong: ${mistakes.join('; ')}`);
  }
  const { maxRecords = 1_000, maxWaitMs = 5, maxPending = 10_000, returning = [], ...rest } = options;
  const load = { ...rest, returning };
  resolveLoadOptions(load, maxRecords);
  return [{ maxRecords, maxWaitMs, maxPending }, load];
}
