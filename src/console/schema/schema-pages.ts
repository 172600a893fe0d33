import type { SchemaDifference } from '../../errors/index.js';
import type { PendingMigration, SchemaDifferences } from '../../operations/storage-operations.js';
import { counted, orDash } from '../html/format.js';
import { type Html, html } from '../html/html.js';
import { link, panel, table } from '../html/parts.js';
import { showText } from '../html/show-text.js';

/** All tables of the entities. */
export function schemaPage(root: string, pending: readonly PendingMigration[], differences: SchemaDifferences): Html {
  const { tables } = differences;
  const item = (name: string): Html =>
    html`<li><a href="${link(root, `schema/${encodeURIComponent(name)}`)}">${showText(name)}</a></li>`;
  return html`${pendingPanel(pending)} ${differencePanels(differences)}
  ${panel(
    'Tables',
    html`<p>Proposals of columns and of wider types are on the page of each table.</p>
      <ul>
        ${tables.map(item)}
      </ul>`,
  )}`;
}

function pendingPanel(pending: readonly PendingMigration[]): Html {
  if (pending.length === 0) {
    return html`<p class="message done">All migrations are applied.</p>`;
  }
  return panel(
    'Pending migrations',
    html`<p class="message error">${counted(pending.length, 'migration')} not applied</p>
      <ul>
        ${pending.map(({ name }) => html`<li>${showText(name)}</li>`)}
      </ul>
      ${fixes(pending)}`,
  );
}

function differencePanels({ tables, breaking, other }: SchemaDifferences): Html {
  if (breaking.length + other.length === 0) {
    return html`<p class="message done">No differences: ${counted(tables.length, 'table')} as the entities say.</p>`;
  }
  return html`${breaking.length > 0 && panel('Differences that stop loads', differenceTable(breaking))}
  ${other.length > 0 && panel('Other differences', differenceTable(other))}`;
}

function differenceTable(differences: readonly SchemaDifference[]): Html {
  const list = table<SchemaDifference>(
    'Differences between entities and tables',
    [
      { head: 'Table', cell: (difference) => showText(difference.table) },
      { head: 'Column', cell: ({ column }) => orDash(column, showText) },
      { head: 'What', cell: ({ kind }) => kind },
      { head: 'Expected', cell: ({ expected }) => showText(expected) },
      { head: 'Found', cell: ({ actual }) => showText(actual) },
    ],
    differences,
  );
  return html`${list} ${fixes(differences)}`;
}

function fixes(all: readonly { readonly fix: string }[]): Html {
  return copyable('To fix', [...new Set(all.map(({ fix }) => fix))].join('\n'));
}

/** A text to copy; the script adds a button. */
export function copyable(title: string, text: string): Html {
  return html`<h3>${title}</h3>
    <pre class="copy" tabindex="0">${showText(text)}</pre>`;
}

/** What a page of one table needs. */
export interface TableView {
  /** Relative link to the overview. */
  readonly root: string;
  /** Its name, with its schema where the entity has one. */
  readonly name: string;
  readonly differences: SchemaDifferences;
  /** Whether it has a column for unknown fields. */
  readonly captures: boolean;
  /** The result of a scan, where one was asked for. */
  readonly proposal: Html | undefined;
}

export function tablePage({ root, name, differences, captures, proposal }: TableView): Html {
  const to = (scan: string): string => link(root, `schema/${encodeURIComponent(name)}`, { scan });
  const scans = html`<p>A scan reads the table, or a sample of a large one. It changes nothing and writes no file.</p>
    ${
      captures
        ? html`<p>
            <a class="button" href="${to('fields')}">Scan captured fields now</a> proposes columns for fields that no
            column knows.
          </p>`
        : html`<p>The entity has no column for unknown fields: its table captures none.</p>`
    }
    <p>
      <a class="button" href="${to('rejects')}">Scan rejected records now</a> proposes wider types for columns that
      rejected them.
    </p>`;
  return html`${differencePanels(differences)} ${proposal} ${panel('Proposals', scans)}`;
}
