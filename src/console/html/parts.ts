import { type Html, html, type HtmlValue } from './html.js';

/** A link below the overview. Absent parameters are left out. */
export function link(
  root: string,
  path: string,
  parameters: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const given = Object.entries(parameters).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  const query = new URLSearchParams(given).toString();
  return `${root}${path}${query === '' ? '' : `?${query}`}`;
}

/** A part of a page below a heading of its own. */
export function panel(heading: string, content: HtmlValue, className = ''): Html {
  return html`<section class="panel ${className}">
    <h2>${heading}</h2>
    ${content}
  </section>`;
}

/** A column of a table. */
export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => HtmlValue;
  /** Aligned to the right. @default false */
  readonly isNumber?: boolean | undefined;
}

/** A table that scrolls within itself; the first column names the row. */
export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Html {
  const classOf = ({ isNumber }: Column<Row>): Html | false => isNumber === true && html` class="number"`;
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption class="hidden">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col" ${classOf(column)}>${column.head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${columns.map((column, index) =>
                index === 0
                  ? html`<th scope="row" ${classOf(column)}>${column.cell(row)}</th>`
                  : html`<td${classOf(column)}>${column.cell(row)}</td>`,
              )}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Names and values; absent ones are left out. */
export function facts(pairs: readonly (readonly [name: string, value: HtmlValue])[]): Html {
  const present = pairs.filter(([, value]) => value !== null && value !== undefined && value !== false && value !== '');
  return html`<dl class="facts">
    ${present.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

/** A status or state, as a word with a colour. */
export function badge(word: string, className = word): Html {
  return html`<span class="badge ${className}">${word}</span>`;
}

/** Links to the pages before and after one of a list. */
export function pager(
  newer: string | undefined,
  older: string | undefined,
  words: readonly [string, string] = ['Newer', 'Older'],
): Html | undefined {
  return newer === undefined && older === undefined
    ? undefined
    : html`<nav class="pager" aria-label="Neighbouring pages">
        ${newer !== undefined && html`<a href="${newer}" rel="prev">← ${words[0]}</a>`}
        ${older !== undefined && html`<a href="${older}" rel="next">${words[1]} →</a>`}
      </nav>`;
}
