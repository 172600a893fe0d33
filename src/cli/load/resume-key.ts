import { createHash } from 'node:crypto';
import { basename } from 'node:path';

import type { OpenedSource } from '../../files/open-source.js';
import type { FileFormat } from '../../files/record-reader.js';
import { UsageError } from '../usage-error.js';

/** What makes a load of the same file another load. */
interface Meaning {
  readonly into: string;
  readonly disposition: string;
  readonly format: FileFormat;
  readonly rename: ReadonlyMap<string, string> | undefined;
}

/** Names may be as long as the file system likes; a load key may not. */
const MAX_NAME_SHOWN = 80;

/**
 * The load key `--resume` stands for: the same for the same state of a file, loaded in the same way.
 * @throws UsageError for a source that cannot be told from another, such as a pipe
 */
export function resumeKey({ name, state }: OpenedSource, { into, disposition, format, rename }: Meaning): string {
  if (state === undefined) {
    throw new UsageError(
      `--resume tells files by path, size and time, and ${name} has none: name the load yourself with --load-key`,
    );
  }
  const meaning = [state, into, disposition, format, [...(rename ?? [])].sort()];
  const digest = createHash('sha256').update(JSON.stringify(meaning)).digest('hex').slice(0, 32);
  return `file:${basename(name).slice(0, MAX_NAME_SHOWN).toWellFormed()}:${digest}`;
}
