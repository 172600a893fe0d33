import type { DataSource } from 'typeorm';

import { type Cell, parseCsvCells } from '../../files/csv/parse-csv-cells.js';
import { UTF_8 } from '../../files/encoding.js';
import { csvFormOf } from '../../files/reread-record.js';
import type { QuarantinedRecord } from '../../quarantine/quarantined-record.js';
import { type Html, html } from '../html/html.js';
import { faultNames } from './fault-names.js';
import { findMember } from './find-member.js';
import { table } from '../html/parts.js';
import { showText } from '../html/show-text.js';
import { showBytes } from './shown-bytes.js';

/** Bytes of a record that a page shows. */
export const MOST_SHOWN = 64 * 1024;

/** The bytes of a rejected record as text, with the column at fault marked where it can be found. */
export function showRecord(dataSource: DataSource, record: QuarantinedRecord & { readonly raw: Buffer }): Html {
  const { raw, reading = null } = record;
  const isHead = record.bytes > raw.length;
  const { text, content } = showBytes(raw, reading?.encoding ?? UTF_8, isHead);
  const whole = isHead ? undefined : text;
  const cells = reading?.format === 'csv' && whole !== undefined ? parseCsvCells(whole, csvFormOf(reading)) : undefined;
  const { column } = record;
  const isAtFault = column === null ? () => false : faultNames(dataSource, { ...record, column, reading });
  const fault = whole !== undefined && reading?.format !== 'csv' ? findMemberOf(whole, isAtFault) : undefined;
  const isLocated = cells !== undefined || fault !== undefined;
  return html`${isHead && html`<p class="message">These are the first ${raw.length} of ${record.bytes} bytes.</p>`}
    ${
      text === undefined &&
      html`<p class="message">The bytes are not valid ${reading?.encoding ?? UTF_8}: broken ones stand as escapes.</p>`
    }
    ${column !== null && !isLocated && html`<p>Column at fault: <b>${showText(column)}</b>, not located in the text.</p>`}
    ${cells !== undefined && showCells(csvFormOf(reading ?? { format: 'csv' }).header, cells, isAtFault)}
    <pre class="record" tabindex="0">
${whole !== undefined && fault !== undefined ? showText(whole, fault) : content}</pre>`;
}

function findMemberOf(text: string, isMeant: (name: string) => boolean): ReturnType<typeof findMember> {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  return findMember(text, isMeant);
}

/** A cell of a csv record, with the name of its column. */
interface NamedCell {
  readonly name: string | undefined;
  readonly value: Html;
}

function showCells(header: readonly string[], cells: readonly Cell[], isAtFault: (name: string) => boolean): Html {
  const rows = Array.from({ length: Math.max(header.length, cells.length) }, (_, at): NamedCell => {
    const name = header[at];
    const value = showCell(cells, at);
    return { name, value: name !== undefined && isAtFault(name) ? html`<mark>${value}</mark>` : value };
  });
  return table<NamedCell>(
    'Cells of the record',
    [
      { head: 'Column', cell: ({ name }) => (name === undefined ? '(no name)' : showText(name)) },
      { head: 'Value', cell: ({ value }) => value },
    ],
    rows,
  );
}

function showCell(cells: readonly Cell[], at: number): Html {
  const cell = cells[at];
  if (typeof cell === 'string') {
    return showText(cell);
  }
  return html`<i>${cell === null ? '(null)' : at < cells.length ? '(empty)' : '(no cell)'}</i>`;
}
