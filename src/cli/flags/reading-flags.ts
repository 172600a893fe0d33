import { type Command, InvalidArgumentError, Option } from 'commander';

import { StorageError } from '../../errors/index.js';
import { type Encoding, parseEncoding } from '../../files/encoding.js';
import type { FileFormat } from '../../files/record-reader.js';
import { parseRename } from '../../files/rename-fields.js';
import { parseCount } from './parse-count.js';

/** Options that say how a file is written. */
export interface ReadingFlags {
  readonly format?: FileFormat;
  readonly encoding?: Encoding;
  readonly delimiter?: string;
  readonly null?: string;
  readonly skipLines?: number;
  readonly rename?: ReadonlyMap<string, string>;
}

const TAB_NAMES: ReadonlySet<string> = new Set(['tab', String.raw`\t`, '\t']);
const MAX_LINES_SKIPPED = 1_000_000;

/** Adds these options to a command. */
export function addReadingOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--format <format>', 'File format (default: from the file name)').choices(['jsonl', 'json', 'csv']),
    )
    .option(
      '--encoding <name>',
      'Encoding of the file, for example windows-1252 (default: UTF-8, or the byte order mark)',
      asUsageError(parseEncoding),
    )
    .option(
      '--delimiter <character>',
      'csv: character between cells, or tab (default: from the header)',
      parseDelimiter,
    )
    .option('--null <text>', String.raw`csv: unquoted cells with this text are null, for example \N`, parseNullText)
    .option('--skip-lines <n>', 'csv: lines before the header', parseCount(0, MAX_LINES_SKIPPED))
    .option(
      '--rename <a=b,…>',
      'Rename fields, for example name=submission_id,id=reddit_id,score=reddit_score',
      asUsageError(parseRename),
    );
}

function parseDelimiter(text: string): string {
  const delimiter = TAB_NAMES.has(text) ? '\t' : text;
  if (!/^[\t !#-~]$/.test(delimiter)) {
    throw new InvalidArgumentError('It must be one ASCII character other than a quote, or tab.');
  }
  return delimiter;
}

function parseNullText(text: string): string {
  if (/["\r\n]/.test(text)) {
    throw new InvalidArgumentError('It must not contain quotes or line ends.');
  }
  return text;
}

/** A mistake in an option is a usage error. */
function asUsageError<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw error instanceof StorageError ? new InvalidArgumentError(error.message) : error;
    }
  };
}
