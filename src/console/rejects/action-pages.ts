import { ERROR_CODES, type StorageError } from '../../errors/index.js';
import type { PurgeResult } from '../../quarantine/quarantine-store.js';
import type { RejectedAgain, ReplayedLoad, ReplayResult } from '../../results/replay-result.js';
import { count, counted, orDash } from '../html/format.js';
import { type Html, html } from '../html/html.js';
import { link, panel, table } from '../html/parts.js';
import { showText } from '../html/show-text.js';
import { fieldsOf, inWords, parametersOf, type RejectQuery } from './reject-query.js';

/** An action on exactly the records of a filter, before it is confirmed. */
export interface Preview {
  /** Relative link to the overview. */
  readonly root: string;
  /** Its `to` is frozen: records that are rejected later are not among them. */
  readonly query: RejectQuery;
  /** Exact number of these records. */
  readonly records: number;
}

export function replayPreview(preview: Preview): Html {
  return html`${summary(preview)}
    <p>
      A replay loads these records again by the current rules, into their table and with the options of their load, in
      one transaction. Records that are rejected again stay open with their latest reason.
    </p>
    <p>
      It runs to its end even if you close the page. <a href="${link(preview.root, 'loads')}">Loads</a> then has it as a
      load from the source <code>rejects replay</code>.
    </p>
    ${confirmation(preview, 'replay', html`<button>Replay ${counted(preview.records, 'record')}</button>`)}`;
}

/** @param open - records among them that were never replayed */
export function purgePreview(preview: Preview, open: number): Html {
  const { root, query, records } = preview;
  const what = counted(records, 'record');
  const fields = html`<p>
      <label><input type="checkbox" name="confirm" value="${records}" required /> Delete ${what} permanently</label>
    </p>
    <button class="danger">Purge ${what}</button>`;
  return html`${summary(preview)}
    <p class="message error">
      A purge deletes these records permanently. ${count(open)} of them are open: they were never loaded, and are lost.
      <a href="${link(root, 'rejects/export', parametersOf(query))}">Export them</a> first to keep them.
    </p>
    ${confirmation(preview, 'purge', fields)}`;
}

export function summary({ query, records }: Preview): Html {
  return html`<p class="summary"><b>${counted(records, 'record')}</b>: ${showText(inWords(query))}</p>`;
}

/** A form that repeats the filter and the number of records: the action takes what was shown, or nothing. */
function confirmation({ root, query, records }: Preview, action: string, fields: Html): Html {
  const hidden: [string, string][] = [...fieldsOf(query), ['records', String(records)]];
  return html`${
      records > 0 &&
      html`<form class="confirm" method="post" action="${link(root, `rejects/${action}`)}">
        ${hiddenFields(hidden)} ${fields}
      </form>`
    }
    <p><a href="${link(root, 'rejects', parametersOf(query))}">Back to the list</a></p>`;
}

export function hiddenFields(fields: readonly (readonly [name: string, value: string])[]): Html {
  return html`${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}`;
}

export function replayResultPage(root: string, query: RejectQuery, result: ReplayResult): Html {
  const { ok, received, loaded, skipped, rejected, loads, rejects, left } = result;
  const list = link(root, 'rejects', parametersOf({ ...query, to: undefined }));
  return html`<p class="message ${ok ? 'done' : 'error'}">
      Replayed ${counted(received, 'record')}: ${count(loaded)} loaded, ${count(skipped)} skipped, ${count(rejected)}
      rejected again.
    </p>
    ${left.map(
      (of) =>
        html`<p class="message error">
          Not replayed, still open: ${counted(of.records, 'record')} of ${showText(of.table)}. ${of.message}
        </p>`,
    )}
    ${loads.length > 0 && panel('Loads', loadTable(root, loads))}
    ${
      rejects.length > 0 &&
      panel(
        'Rejected again',
        html`${rejected > rejects.length && html`<p>The first ${rejects.length} of ${count(rejected)}.</p>`}
        ${againTable(root, rejects)}`,
      )
    }
    <p><a href="${list}">Back to the list</a></p>`;
}

function loadTable(root: string, loads: readonly ReplayedLoad[]): Html {
  return table<ReplayedLoad>(
    'Loads of the replay',
    [
      {
        head: 'Table',
        cell: (load) => html`<a href="${link(root, `loads/${load.loadId}`)}">${showText(load.table)}</a>`,
      },
      { head: 'Received', cell: ({ received }) => count(received), isNumber: true },
      { head: 'Written', cell: writtenBy },
      { head: 'Duplicates', cell: ({ duplicates }) => count(duplicates), isNumber: true },
      { head: 'Skipped', cell: ({ skipped }) => count(skipped), isNumber: true },
      { head: 'Rejected', cell: ({ rejected }) => count(rejected), isNumber: true },
    ],
    loads,
  );
}

function writtenBy(load: ReplayedLoad): string {
  if (load.kind !== 'table') {
    return `${count(load.stored)} stored`;
  }
  const { inserted, updated, unchanged, deleted } = load;
  return Object.entries({ inserted, updated, unchanged, deleted })
    .map(([what, rows]) => `${count(rows)} ${what}`)
    .join(', ');
}

function againTable(root: string, rejects: readonly RejectedAgain[]): Html {
  return table<RejectedAgain>(
    'Records that were rejected again',
    [
      {
        head: 'Reason',
        cell: ({ id, reason }) => html`<a href="${link(root, `rejects/${id}`)}">${showText(reason)}</a>`,
      },
      { head: 'Table', cell: (reject) => showText(reject.table) },
      { head: 'Column', cell: ({ column }) => orDash(column, showText) },
      { head: 'Message', cell: ({ message }) => showText(message) },
    ],
    rejects,
  );
}

/** @param error - its message holds no values, and says what was rolled back */
export function replayFailedPage(root: string, query: RejectQuery, { code, message }: StorageError): Html {
  return html`<p class="message error">${showText(message)}</p>
    <p>${ERROR_CODES[code].action}</p>
    <p>Code: <code>${code}</code></p>
    <p><a href="${link(root, 'rejects', parametersOf({ ...query, to: undefined }))}">Back to the list</a></p>`;
}

export function purgeResultPage(root: string, { purged, open }: PurgeResult): Html {
  return html`<p class="message done">Deleted ${counted(purged, 'record')}, of which ${count(open)} were open.</p>
    <p><a href="${link(root, 'rejects')}">Back to the list</a></p>`;
}
