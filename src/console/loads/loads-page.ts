import type { LoadPage } from '../../operations/storage-operations.js';
import { loadedOf } from '../../results/load-counts.js';
import type { HistoryEntry } from '../../stats/load-history.js';
import { count, duration, orDash, time } from '../html/format.js';
import { type Html, html } from '../html/html.js';
import type { Page } from '../html/page.js';
import { badge, link, pager, table } from '../html/parts.js';
import { showText } from '../html/show-text.js';

/** The criteria of the list, by the names of their parameters. */
export const FILTER_FIELDS = ['table', 'status', 'source', 'loadKey', 'from', 'to'] as const;

/** The criteria as given. */
export type GivenFilter = Readonly<Partial<Record<(typeof FILTER_FIELDS)[number], string>>>;

interface ListContext {
  readonly root: string;
  readonly statuses: readonly string[];
  /** To propose. */
  readonly tables: readonly string[];
}

const MS = 1_000;

/** The list of loads, with its filter. */
export function loadsPage({ loads, hasNewer, hasOlder }: LoadPage, given: GivenFilter, context: ListContext): Page {
  const { root } = context;
  const to = (beside: Readonly<Record<string, string | undefined>>): string =>
    link(root, 'loads', { ...given, ...beside });
  const newer = hasNewer ? to({ before: loads[0]?.loadId }) : undefined;
  const older = hasOlder ? to({ after: loads.at(-1)?.loadId }) : undefined;
  const isFiltered = Object.keys(given).length > 0;
  const nothing = isFiltered
    ? html`<p class="nothing">No load matches the filter. <a href="${link(root, 'loads')}">Show all loads</a></p>`
    : html`<p class="nothing">The history has no loads yet.</p>`;
  return {
    section: 'loads',
    title: 'Loads',
    content: html`${filterForm(given, context)}
      <div class="panel">${loads.length === 0 ? nothing : listOf(loads, root)}${pager(newer, older)}</div>`,
  };
}

function filterForm(given: GivenFilter, { root, statuses, tables }: ListContext): Html {
  const timeField = (name: 'from' | 'to', label: string): Html =>
    html`<label
      >${label}
      <input
        type="text"
        name="${name}"
        value="${given[name]}"
        placeholder="2026-01-31T18:00"
        size="17"
        inputmode="numeric"
        autocomplete="off"
    /></label>`;
  return html`<form
    class="filter"
    method="get"
    action="${link(root, 'loads')}"
    role="search"
    aria-label="Filter of loads"
  >
    <label>Table <input name="table" value="${given.table}" list="tables" size="18" autocomplete="off" /></label>
    <datalist id="tables">${tables.map((name) => html`<option value="${name}"></option>`)}</datalist>
    <label
      >Status
      <select name="status">
        <option value="">any</option>
        ${statuses.map((status) => html`<option${status === given.status && html` selected`}>${status}</option>`)}
      </select></label
    >
    <label>Source <input name="source" value="${given.source}" size="18" autocomplete="off" /></label>
    <label>Load key <input name="loadKey" value="${given.loadKey}" size="18" autocomplete="off" /></label>
    ${timeField('from', 'Started from (UTC)')} ${timeField('to', 'until (UTC)')}
    <button>Filter</button> <a href="${link(root, 'loads')}">Clear</a>
  </form>`;
}

function listOf(loads: readonly HistoryEntry[], root: string): Html {
  return table<HistoryEntry>(
    'Loads, newest first',
    [
      {
        head: 'Started (UTC)',
        cell: ({ loadId, startedAt }) => html`<a href="${link(root, `loads/${loadId}`)}">${time(startedAt)}</a>`,
      },
      { head: 'Table', cell: (load) => load.table },
      { head: 'Status', cell: ({ status }) => badge(status) },
      { head: 'Received', cell: ({ received }) => count(received), isNumber: true },
      { head: 'Loaded', cell: (load) => count(loadedOf(load) + (load.stored ?? 0)), isNumber: true },
      { head: 'Skipped', cell: ({ skipped }) => count(skipped), isNumber: true },
      { head: 'Rejected', cell: ({ rejected }) => marked(rejected, 'warn'), isNumber: true },
      { head: 'Failed', cell: ({ failed }) => marked(failed, 'bad'), isNumber: true },
      { head: 'Duration', cell: (load) => orDash(secondsOf(load), duration), isNumber: true },
      { head: 'Source', cell: ({ source }) => orDash(source, clipped) },
      { head: 'Load key', cell: ({ loadKey }) => orDash(loadKey, clipped) },
    ],
    loads,
  );
}

/** From the first start of a load to its end, in seconds. */
export function secondsOf({ startedAt, finishedAt }: Pick<HistoryEntry, 'startedAt' | 'finishedAt'>): number | null {
  return finishedAt === null ? null : Math.max(0, finishedAt.getTime() - startedAt.getTime()) / MS;
}

function marked(value: number, className: string): Html | string {
  return value === 0 ? '0' : html`<b class="${className}">${count(value)}</b>`;
}

/** A name may be long; the stylesheet cuts it, and the title has it all. */
function clipped(text: string): Html {
  return html`<span class="clipped" title="${text}">${showText(text)}</span>`;
}
