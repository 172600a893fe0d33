import type { CsvDialect, ExportFormat } from '../../quarantine/export-lines.js';
import { count, counted } from '../html/format.js';
import { type Html, html } from '../html/html.js';
import { link, panel } from '../html/parts.js';
import { showText } from '../html/show-text.js';
import { hiddenFields, type Preview, summary } from './action-pages.js';
import { fieldsOf, parametersOf } from './reject-query.js';

/** What an export in a format would hold. */
export interface ExportCheck {
  readonly format: ExportFormat;
  readonly exported: number;
  /** Records that cannot be exported in this format, by the reason. */
  readonly leftOut: ReadonlyMap<string, number>;
  /** How a csv file must be read, where that is not the usual way. */
  readonly dialect: CsvDialect;
}

/** @param checks - by format; none where there are too many records to read before */
export function exportPreview(preview: Preview, checks: readonly ExportCheck[]): Html {
  const { root, query, records } = preview;
  return html`${summary(preview)}
    <p>
      The file loads the same records again. jsonl takes records that were read as JSON or passed as objects; csv takes
      records that were read as csv, of files with the same header. Others are left out. All records stay in quarantine.
    </p>
    ${checks.map(checkPanel)}
    ${
      checks.length === 0 &&
      html`<p>
        Too many records to say here which are left out: the log of the application has their number at the end of an
        export, and the command <code>harbor-storage rejects export</code> prints the reasons.
      </p>`
    }
    ${
      records > 0 &&
      html`<form class="confirm" method="get" action="${link(root, 'rejects/export')}">
        ${hiddenFields(fieldsOf(query))}
        <button name="format" value="jsonl">Export as jsonl</button>
        <button name="format" value="csv">Export as csv</button>
      </form>`
    }
    <p><a href="${link(root, 'rejects', parametersOf(query))}">Back to the list</a></p>`;
}

function checkPanel({ format, exported, leftOut, dialect: { delimiter, nullText } }: ExportCheck): Html {
  return panel(
    `As ${format}: ${counted(exported, 'record')}`,
    html`${leftOut.size > 0 && leftOutList(leftOut)}
    ${delimiter !== undefined && html`<p>To load it, name its delimiter: ${showText(JSON.stringify(delimiter))}</p>`}
    ${nullText !== undefined && html`<p>To load it, name its text for null: ${showText(JSON.stringify(nullText))}</p>`}`,
  );
}

export function nothingExported(leftOut: ReadonlyMap<string, number>): Html {
  return html`<p class="message error">No record can be exported in this format.</p>
    ${leftOut.size > 0 && leftOutList(leftOut)}`;
}

function leftOutList(leftOut: ReadonlyMap<string, number>): Html {
  return html`<p>Left out:</p>
    <ul>
      ${Array.from(leftOut, ([why, records]) => html`<li>${count(records)}: ${why}</li>`)}
    </ul>`;
}
