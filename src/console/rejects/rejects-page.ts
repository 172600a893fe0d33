import type { RejectGroup, RejectGroups } from '../../operations/reject-groups.js';
import type { QuarantinedRecord } from '../../quarantine/quarantined-record.js';
import { count, counted, orDash, time } from '../html/format.js';
import { type Html, html } from '../html/html.js';
import { badge, link, pager, panel, table } from '../html/parts.js';
import { showText } from '../html/show-text.js';
import { inWords, isChosen, parametersOf, type RejectQuery, type RejectState } from './reject-query.js';

/** Records on one page of the list. */
export const PAGE_SIZE = 50;

/** Rejected records that match a filter. */
export interface RejectsView {
  /** Relative link to the overview. */
  readonly root: string;
  readonly query: RejectQuery;
  readonly groups: RejectGroups;
  /** One more than a page where there are more. */
  readonly records: readonly QuarantinedRecord[];
  /** Whether newer pages come before this one. */
  readonly isLater: boolean;
  readonly isReadOnly: boolean;
  /** Whether the user may see the content of the records of a table. */
  readonly canSee: (table: string) => boolean;
}

/** The list of rejected records: filter, groups, actions and a page of records. */
export function rejectsPage(view: RejectsView): Html {
  const { query, groups, root } = view;
  return html`${filterForm(query, root)}
    <p class="summary">
      <b>${groups.isExact ? '' : 'More than '}${counted(groups.count, 'record')}</b>: ${showText(inWords(query))}
    </p>
    ${groups.count > 0 && actions(view)} ${groups.groups.length > 0 && groupPanel(view)} ${recordPanel(view)}`;
}

const STATES: Readonly<Record<RejectState, string>> = {
  open: 'open',
  replayed: 'replayed',
  any: 'open or replayed',
};

function filterForm({ table: tableName, reason, loadId, from, to, state }: RejectQuery, root: string): Html {
  const example = '2026-01-31T18:00';
  return html`<form
    class="filter"
    method="get"
    action="${link(root, 'rejects')}"
    role="search"
    aria-label="Filter of rejected records"
  >
    ${field('table', 'Table', tableName, 18)} ${field('reason', 'Reason', reason, 18)}
    ${field('loadId', 'Load id', loadId, 18)} ${field('from', 'Rejected from (UTC)', shownTime(from), 17, example)}
    ${field('to', 'before (UTC)', shownTime(to), 17, example)}
    <label
      >State
      <select name="state">
        ${Object.entries(STATES).map(
          ([value, label]) => html`<option value="${value}" ${value === state && html` selected`}>${label}</option>`,
        )}
      </select></label
    >
    <button>Filter</button> <a href="${link(root, 'rejects')}">Clear</a>
  </form>`;
}

function field(name: string, label: string, value: string | undefined, size: number, hint?: string): Html {
  return html`<label
    >${label} <input name="${name}" value="${value}" size="${size}" placeholder="${hint}" autocomplete="off"
  /></label>`;
}

function shownTime(moment: Date | undefined): string | undefined {
  return moment?.toISOString().replace(/(?::00)?\.000Z$|Z$/, '');
}

function actions({ query, root, isReadOnly }: RejectsView): Html {
  const to = (action: string): string => link(root, `rejects/${action}`, parametersOf(query));
  const canPurge = isChosen(query);
  return html`<p class="actions">
    ${!isReadOnly && query.state === 'open' && html`<a class="button" href="${to('replay')}">Replay …</a>`}
    <a class="button plain" href="${to('export')}">Export …</a>
    ${!isReadOnly && canPurge && html`<a class="button plain" href="${to('purge')}">Purge …</a>`}
    ${isReadOnly && html`<span>Replay and purge are off: the console is read-only.</span>`}
    ${!isReadOnly && !canPurge && html`<span>To purge records, choose a filter first.</span>`}
  </p>`;
}

function groupPanel({ query, groups, root }: RejectsView): Html {
  const to = (criteria: Partial<RejectQuery>): string => link(root, 'rejects', parametersOf({ ...query, ...criteria }));
  return panel(
    'By table and reason',
    table<RejectGroup>(
      'Rejected records by table and reason',
      [
        { head: 'Table', cell: (group) => html`<a href="${to({ table: group.table })}">${showText(group.table)}</a>` },
        {
          head: 'Reason',
          cell: ({ table: name, reason }) => html`<a href="${to({ table: name, reason })}">${showText(reason)}</a>`,
        },
        {
          head: 'Records',
          cell: (group) => `${group.isExact ? '' : 'more than '}${count(group.count)}`,
          isNumber: true,
        },
        { head: 'Oldest (UTC)', cell: ({ oldest }) => time(oldest) },
        { head: 'Newest (UTC)', cell: ({ newest }) => time(newest) },
      ],
      groups.groups,
    ),
  );
}

function recordPanel({ query, root, records, isLater, canSee }: RejectsView): Html {
  const page = records.slice(0, PAGE_SIZE);
  const last = records.length > PAGE_SIZE ? page.at(-1) : undefined;
  const older = last && link(root, 'rejects', { ...parametersOf(query), after: last.id });
  const newest = isLater ? link(root, 'rejects', parametersOf(query)) : undefined;
  if (page.length === 0) {
    return html`<p class="nothing">${isLater ? 'No more records.' : 'No rejected records match.'}</p>
      ${pager(newest, undefined, ['Newest', 'Older'])}`;
  }
  const list = table<QuarantinedRecord>(
    'Rejected records, newest first',
    [
      {
        head: 'Rejected (UTC)',
        cell: ({ id, createdAt }) => html`<a href="${link(root, `rejects/${id}`)}">${time(createdAt)}</a>`,
      },
      { head: 'State', cell: ({ replayedAt }) => badge(replayedAt === null ? 'open' : 'replayed') },
      { head: 'Table', cell: (record) => showText(record.table) },
      { head: 'Reason', cell: ({ reason }) => showText(reason) },
      { head: 'Column', cell: ({ column }) => orDash(column, showText) },
      { head: 'Position', cell: ({ position }) => count(position), isNumber: true },
      {
        head: 'Key',
        cell: (record) => orDash(canSee(record.table) ? record.key : null, (key) => showText(shorten(key))),
      },
      { head: 'Message', cell: ({ message }) => showText(message) },
    ],
    page,
  );
  return panel('Records, newest first', html`${list} ${pager(newest, older, ['Newest', 'Older'])}`);
}

const MAX_KEY_SHOWN = 60;

function shorten(key: string): string {
  return key.length <= MAX_KEY_SHOWN ? key : `${key.slice(0, MAX_KEY_SHOWN - 1).toWellFormed()}…`;
}
