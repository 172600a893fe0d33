import type { FieldProposal, SchemaProposal } from '../../schema/propose/columns/schema-proposal.js';
import type { MigrationFile } from '../../schema/propose/source/migration-source.js';
import type { ColumnWideningProposal, WideningProposal } from '../../schema/propose/widen/widening-proposal.js';
import { count, counted, orDash, time } from '../html/format.js';
import { type Html, html } from '../html/html.js';
import { panel, table } from '../html/parts.js';
import { showText } from '../html/show-text.js';
import { copyable } from './schema-pages.js';

/** Length of the name of a field, which is data. */
const MOST_OF_NAME = 80;

/** Proposed columns for the captured fields of a table. */
export function proposedColumns(proposal: SchemaProposal): Html {
  const { rows, rowsRead, sampled, fields, moreFields } = proposal;
  const { entity, recordClass, properties, recordProperties } = proposal.entitySource();
  return panel(
    'Captured fields',
    html`<p>
        ${sampled ? `Read a sample of ${count(rowsRead)} of about ${counted(rows, 'row')}.` : `Read all ${counted(rows, 'row')}.`}
        ${fields.length === 0 && 'No captured fields.'}
      </p>
      ${fields.length > 0 && fieldTable(fields)}
      ${moreFields > 0 && html`<p>${counted(moreFields, 'rarer field')} not shown: they stay captured.</p>`}
      ${migrationSource(proposal.migration())}
      ${properties !== '' && copyable(`Then add to ${entity}, importing CapturedBefore from harbor-storage`, properties)}
      ${recordClass !== undefined && recordProperties !== '' && copyable(`and to ${recordClass}`, recordProperties)}`,
  );
}

function fieldTable(fields: readonly FieldProposal[]): Html {
  return table<FieldProposal>(
    'Captured fields, most frequent first',
    [
      { head: 'Field', cell: ({ field }) => showText(field.slice(0, MOST_OF_NAME).toWellFormed()) },
      { head: 'Rows', cell: (field) => count(field.count), isNumber: true },
      { head: 'Share', cell: ({ share }) => `${(share * 100).toFixed(share < 0.1 ? 2 : 0)} %`, isNumber: true },
      {
        head: 'Values',
        cell: ({ types }) =>
          Object.entries(types)
            .map(([type, n]) => `${type} ${count(n)}`)
            .join(', '),
      },
      { head: 'Column', cell: (field) => orDash(field.decision === 'keep' ? null : field.column, showText) },
      { head: 'Proposed', cell: decisionOf },
    ],
    fields,
  );
}

function decisionOf(field: FieldProposal): Html | string {
  switch (field.decision) {
    case 'promote':
      return field.type;
    case 'move':
      return `${field.type}; the column exists, only values move`;
    case 'keep':
      return showText(`stays captured: ${field.message}`);
  }
}

/** Proposed wider types for the columns of a table. */
export function proposedWidening(proposal: WideningProposal): Html {
  const { columns, entity, widened, withoutColumn } = proposal;
  const changes = widened.map(({ property, options }) => `${property}: ${options}`).join('\n');
  return panel(
    'Rejected values',
    html`${Object.entries(withoutColumn).map(
      ([reason, n]) =>
        html`<p>${counted(n, 'record')} rejected with ${showText(reason)}, without the name of a column.</p>`,
    )}
    ${columns.length === 0 ? html`<p>No open rejected records for any column.</p>` : columnTable(columns)}
    ${migrationSource(proposal.migration())}
    ${widened.length > 0 && copyable(`In the same release, change ${entity}; then replay the records`, changes)}`,
  );
}

function columnTable(columns: readonly ColumnWideningProposal[]): Html {
  return table<ColumnWideningProposal>(
    'Columns that rejected records',
    [
      { head: 'Column', cell: ({ column }) => showText(column) },
      { head: 'Records', cell: ({ records }) => count(records), isNumber: true },
      { head: 'Loads', cell: ({ loads }) => count(loads), isNumber: true },
      { head: 'Last (UTC)', cell: ({ last }) => time(last) },
      { head: 'Reasons', cell: ({ reasons }) => showText(Object.keys(reasons).join(', ')) },
      { head: 'Proposed', cell: wideningOf },
    ],
    columns,
  );
}

function wideningOf(column: ColumnWideningProposal): Html {
  if (column.decision === 'keep') {
    return showText(`nothing: ${column.message}`);
  }
  const { from, to, by, dropNotNull } = column;
  const changes = [to !== undefined && `${from} to ${to} (${by})`, dropNotNull === true && 'DROP NOT NULL'];
  return showText(changes.filter((change) => change !== false).join('; '));
}

function migrationSource(migration: MigrationFile | undefined): Html {
  return migration === undefined
    ? html`<p>Nothing to migrate.</p>`
    : html`${copyable(migration.fileName, migration.source)}
        <p>
          Save it beside your migrations, review it, and run it with <code>--transaction each</code>. Loads may continue
          meanwhile.
        </p>`;
}
