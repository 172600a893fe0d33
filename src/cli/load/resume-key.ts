import { createHash } from 'node:crypto';
import { basename } from 'node:path';

import type { OpenedSource } from '../../files/open-source.js';
import type { FileFormat } from '../../files/record-reader.js';
import { UsageError } from '../usage-error.js';

/** Options that make a load of the same file a different load. */
interface Meaning {
  readonly into: string;
  readonly disposition: string;
  readonly format: FileFormat;
  readonly sourceForm: Readonly<Record<string, string>> | undefined;
  readonly updateColumns?: readonly string[] | undefined;
  readonly keepColumns?: readonly string[] | undefined;
  readonly deleteWhen?: string | undefined;
}

/** File names may be longer than a load key. */
const MAX_NAME_SHOWN = 80;

/**
 * The load key for `--resume`: the same for an unchanged file loaded with the same options.
 * @throws UsageError for a source without an identity, such as a pipe
 */
export function resumeKey({ name, state }: OpenedSource, meant: Meaning): string {
  const { into, disposition, format, sourceForm, updateColumns, keepColumns, deleteWhen } = meant;
  if (state === undefined) {
    throw new UsageError(
      `--resume identifies files by path, size and time; ${name} has none of them. Use --load-key instead.`,
    );
  }
  // Loads without these options keep the key that older versions made.
  const columns = updateColumns === undefined && keepColumns === undefined ? [] : [{ updateColumns, keepColumns }];
  const deletion = deleteWhen === undefined ? [] : [{ deleteWhen }];
  const meaning = [state, into, disposition, format, sourceForm, ...columns, ...deletion];
  const digest = createHash('sha256').update(JSON.stringify(meaning)).digest('hex').slice(0, 32);
  return `file:${basename(name).slice(0, MAX_NAME_SHOWN).toWellFormed()}:${digest}`;
}
