import { Readable } from 'node:stream';

import type { CsvDialect, ExportFormat, ExportReport } from '../../quarantine/export-lines.js';
import type { ConsoleContext } from '../console-context.js';
import type { Download, Page } from '../html/page.js';
import type { ConsoleResponder } from '../http/console-responder.js';
import { PageError } from '../http/page-error.js';
import { choice } from '../http/query.js';
import type { Visit } from '../http/visit.js';
import { freeze } from './confirmed.js';
import { type ExportCheck, exportPreview, nothingExported } from './export-page.js';
import { filterOf, inWords, readRejectQuery, type RejectQuery } from './reject-query.js';
import { tablesSeen } from './tables-seen.js';

const FORMATS: readonly ExportFormat[] = ['jsonl', 'csv'];
const TYPES: Readonly<Record<ExportFormat, string>> = { jsonl: 'application/x-ndjson', csv: 'text/csv; charset=utf-8' };

/** The lines of an export in a format. */
type ExportLines = (format: ExportFormat, report: ExportReport) => AsyncGenerator<Buffer>;

/** So many records are read to tell before an export which of them cannot be exported. */
const MOST_CHECKED = 1_000;

/** An export of exactly the records of a filter; without a format, the page before it. */
export async function exportOf(
  context: ConsoleContext,
  responder: ConsoleResponder,
  visit: Visit,
): Promise<Page | Download> {
  const { operations } = context;
  const { query, records } = await freeze(operations, readRejectQuery(visit.query, ['format']));
  const format = choice('format', visit.query.get('format') ?? undefined, FORMATS);
  const tables = await checkTables(context, visit, query);
  const lines: ExportLines = (as, report) => operations.exportRejects(filterOf(query), as, report, tables);
  if (format !== undefined) {
    return download(lines, query, format, (what) => responder.logAction(visit, what));
  }
  const checks: ExportCheck[] = [];
  for (const each of records <= MOST_CHECKED ? FORMATS : []) {
    checks.push(await checkExport(lines, each));
  }
  return {
    section: 'rejects',
    title: 'Export rejected records',
    content: exportPreview({ root: visit.root, query, records }, checks),
  };
}

/**
 * An export holds the content of all its records.
 * @returns the tables of these
 * @throws PageError 403
 */
async function checkTables(context: ConsoleContext, visit: Visit, query: RejectQuery): Promise<ReadonlySet<string>> {
  const { groups } = await context.operations.rejectsByTableAndReason(filterOf(query));
  const seen = await tablesSeen(context, visit, groups);
  const hidden = [...new Set(groups.map(({ table }) => table))].filter((table) => !seen.has(table));
  if (hidden.length > 0) {
    throw new PageError(403, `You may not see the content of the rejected records of: ${hidden.join(', ')}.`);
  }
  return seen;
}

async function download(
  linesOf: ExportLines,
  query: RejectQuery,
  format: ExportFormat,
  log: (what: string) => void,
): Promise<Page | Download> {
  const leftOut = new Map<string, number>();
  const lines = linesOf(format, { onLeftOut: (why) => leftOut.set(why, (leftOut.get(why) ?? 0) + 1) });
  // Before the answer begins, so that an error has a page.
  const first = await lines.next();
  if (first.done === true) {
    return { section: 'rejects', title: 'Nothing was exported', content: nothingExported(leftOut) };
  }
  log(`exports rejected records as ${format} (${inWords(query)})`);
  let exported = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    yield first.value;
    exported = 1;
    for await (const line of lines) {
      yield line;
      exported += 1;
    }
    const left = [...leftOut.values()].reduce((sum, n) => sum + n, 0);
    log(`exported ${exported} rejected records as ${format}, left out ${left} (${inWords(query)})`);
  };
  const name = ['rejects', query.table, query.reason].filter((part) => part !== undefined).join('-');
  return {
    type: TYPES[format],
    fileName: `${name.slice(0, 100)}.${format}`,
    stream: Readable.from(counted(), { objectMode: false }),
  };
}

async function checkExport(linesOf: ExportLines, format: ExportFormat): Promise<ExportCheck> {
  const leftOut = new Map<string, number>();
  let dialect: CsvDialect = {};
  const lines = linesOf(format, {
    onLeftOut: (why) => leftOut.set(why, (leftOut.get(why) ?? 0) + 1),
    onDialect: (found) => (dialect = found),
  });
  let exported = 0;
  for await (const _ of lines) {
    exported += 1;
  }
  return { format, exported, leftOut, dialect };
}
