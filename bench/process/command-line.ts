import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { BatchLoadResult } from '../../src/index.js';
import { runChild } from './run-child.js';
import { BenchError } from '../bench-error.js';

const ROOT = join(import.meta.dirname, '..', '..');
const BUILT = join(ROOT, 'dist', 'src', 'cli', 'main.js');
const PRELOAD = pathToFileURL(join(import.meta.dirname, 'report-peak.js')).href;

/** Result of a load by the command line, and the peak memory of its process. */
export interface CommandLineLoad extends Pick<BatchLoadResult, 'inserted' | 'unchanged' | 'durationMs'> {
  readonly peakKilobytes: number;
}

export interface CommandLineOrder {
  readonly file: string;
  readonly table: string;
  readonly url: string;
  /** For a file of a few bytes. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** The built command line, because compiling sources on import takes 150 MB. */
export async function loadByCommandLine(order: CommandLineOrder): Promise<CommandLineLoad> {
  const { file, table, url, directory, signal } = order;
  const peakFile = join(directory, 'peak');
  const printed = await runChild(
    process.execPath,
    ['--import', PRELOAD, BUILT, 'load', file, '--into', table, '--quiet', '--json'],
    { environment: { DATABASE_URL: url, HARBOR_BENCH_PEAK_FILE: peakFile }, signal },
  );
  const { inserted, unchanged, durationMs } = JSON.parse(printed) as BatchLoadResult;
  return { inserted, unchanged, durationMs, peakKilobytes: Number(await readFile(peakFile, 'utf8')) };
}

/** @throws BenchError */
export async function checkIsBuilt(): Promise<void> {
  try {
    await access(BUILT);
  } catch {
    throw new BenchError('The cases length, file and growth measure the built package. Run npm run build first.');
  }
}
