import { access } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { DataSource } from 'typeorm';

import { errorCode } from '../../errors/error-text.js';
import { UsageError } from '../usage-error.js';

/**
 * The DataSource that a module exports, by itself or as a promise, as TypeORM's own commands take it.
 * @throws UsageError for a file without exactly one DataSource for Postgres
 */
export async function importDataSource(file: string): Promise<DataSource> {
  const found = await exportedDataSources(file);
  const [dataSource] = found;
  const mistake =
    dataSource === undefined
      ? 'exports no DataSource. Add: export const AppDataSource = new DataSource({ … })'
      : found.length > 1
        ? `exports ${found.length} DataSources. Name a file that exports one`
        : dataSource.options.type === 'postgres'
          ? undefined
          : `exports a DataSource of type ${dataSource.options.type}. It must be postgres`;
  if (dataSource === undefined || mistake !== undefined) {
    await Promise.all(found.filter(({ isInitialized }) => isInitialized).map((each) => each.destroy()));
    throw new UsageError(`--data-source: ${file} ${mistake}`);
  }
  return dataSource;
}

async function exportedDataSources(file: string): Promise<DataSource[]> {
  const path = resolve(file);
  try {
    await access(path);
  } catch {
    throw new UsageError(`--data-source: ${file} not found, or not readable. Check the path`);
  }
  try {
    const exported = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
    const values = [...Object.values(exported), ...exportsOfCommonJs(exported)];
    return [...new Set(await dataSourcesAmong(values))];
  } catch (error) {
    // The message of the application's own error may quote a password.
    const why = errorCode(error) ?? (error instanceof Error ? error.name : typeof error);
    throw new UsageError(`--data-source: could not import ${file}: ${why}${hintOf(file, why)}`, { cause: error });
  }
}

/** Promises, as of a DataSource that its file opens, are awaited only where no DataSource is exported by itself. */
async function dataSourcesAmong(values: readonly unknown[]): Promise<DataSource[]> {
  const settled = Promise.allSettled(values.filter((value) => value instanceof Promise));
  const direct = values.filter(isDataSource);
  if (direct.length > 0) {
    return direct;
  }
  const outcomes = await settled;
  const promised = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value as unknown] : []));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  const found = promised.filter(isDataSource);
  if (found.length === 0 && failed !== undefined) {
    throw failed.reason;
  }
  return found;
}

/** What `module.exports` holds: Node does not name all of it, and never its `default`. */
function exportsOfCommonJs({ default: whole }: Readonly<Record<string, unknown>>): unknown[] {
  return typeof whole === 'object' && whole !== null && !isDataSource(whole) ? Object.values(whole) : [];
}

/** TypeScript without a loader is an unknown extension, and where Node knows it, decorators are a syntax error. */
function hintOf(file: string, why: string): string {
  const isTypeScript = /^\.[cm]?ts$/.test(extname(file));
  return isTypeScript && ['ERR_UNKNOWN_FILE_EXTENSION', 'SyntaxError'].includes(why)
    ? '. Name the compiled .js file, or register a loader, for example NODE_OPTIONS="--import @swc-node/register/esm-register"'
    : '';
}

/** Also of another copy of TypeORM, which says then what it does not find. */
function isDataSource(value: unknown): value is DataSource {
  return typeof value === 'object' && value !== null && 'isInitialized' in value && 'options' in value;
}
