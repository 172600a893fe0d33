import { InvalidLoadError } from '../../errors/index.js';
import type { LoadOptions, ReportingLoadOptions } from './load-options.js';

/** Options of a load into one table. */
const OF_ONE_TABLE = [
  'disposition',
  'primaryKey',
  'newerBy',
  'updateColumns',
  'keepColumns',
  'deleteWhen',
  'allowEmpty',
  'returning',
  'onRows',
] as const;

/** Options of a combined load: it always merges. */
export type CombinedOptions = Omit<LoadOptions, (typeof OF_ONE_TABLE)[number]>;

/**
 * @param rule - what the load does in place of these options; begins the message
 * @throws InvalidLoadError when the options have one of a load into one table
 */
export function checkCombinedOptions(options: ReportingLoadOptions, rule: string): CombinedOptions {
  const wrong = OF_ONE_TABLE.filter((name) => options?.[name] !== undefined);
  if (wrong.length > 0) {
    throw new InvalidLoadError(`${rule}: remove the options ${wrong.join(', ')}`);
  }
  return options;
}
