import { RECORD_COUNTS } from '../../operations/activity.js';
import type { BatchEntry, BatchPage, LoadTimeline } from '../../operations/load-batches.js';
import type { RejectGroups } from '../../operations/reject-groups.js';
import { type LoadCounts, loadedOf, NO_COUNTS } from '../../results/load-counts.js';
import type { HistoryEntry } from '../../stats/load-history.js';
import type { ShardEntry } from '../../stats/shards/shard-history.js';
import { ERROR_CODES, type ErrorCodeEntry } from '../../errors/index.js';
import { count, counted, duration, orDash, time } from '../html/format.js';
import { type Html, html, type HtmlValue } from '../html/html.js';
import type { Page } from '../html/page.js';
import { badge, type Column, facts, link, pager, panel, table } from '../html/parts.js';
import { showText } from '../html/show-text.js';
import { timeline } from '../plots/timeline.js';
import { secondsOf } from './loads-page.js';

/** What the page of one load shows. */
export interface LoadPageInput {
  readonly load: HistoryEntry;
  readonly root: string;
  readonly timeline: LoadTimeline;
  readonly batches: BatchPage;
  /** Number of the first batch on the page. */
  readonly firstBatch: number;
  /** None of a load that one loader does. */
  readonly shards: readonly ShardEntry[];
  /** Rejected records of the load, replayed ones too. */
  readonly rejects: RejectGroups;
}

interface CountRow {
  readonly name: string;
  readonly counts: Readonly<Partial<Record<(typeof RECORD_COUNTS)[number], number | null>>>;
}

const MS = 1_000;

/** One load. */
export function loadPage(input: LoadPageInput): Page {
  const { load } = input;
  return {
    section: 'loads',
    title: `Load into ${load.table}`,
    refreshes: load.status === 'running',
    content: html`${errorOf(load)}${panel('Load', factsOf(input))}${panel('Records', countsOf(load))}${shardsPart(input)}
      <div class="columns three">${timelinePart(input)}${rejectsPart(input)}${fieldsPart(load)}</div>
      ${batchesPart(input)}`,
  };
}

function factsOf({ load, root, timeline: { slices } }: LoadPageInput): Html {
  const { options } = load;
  const seconds = secondsOf(load);
  return facts([
    ['Id', html`<code class="copy">${load.loadId}</code>`],
    ['Status', badge(load.status)],
    ['Table', html`<a href="${link(root, 'loads', { table: load.table })}">${load.table}</a>`],
    ['Tables', options?.tables?.join(', ')],
    ['Schema', options?.schema],
    ['Disposition', load.disposition],
    ['Primary key', options?.primaryKey?.join(', ')],
    ['Newer by', options?.newerBy],
    ['Update columns', options?.updateColumns?.join(', ')],
    ['Keep columns', options?.keepColumns?.join(', ')],
    ['Delete when', options?.deleteWhen],
    ['Source', load.source === null ? null : showText(load.source)],
    ['Load key', load.loadKey !== null && html`<code class="copy">${load.loadKey}</code>`],
    ['Started', time(load.startedAt)],
    ['Finished', load.finishedAt === null ? lastSign(load, slices) : time(load.finishedAt)],
    ['Duration', seconds !== null && duration(seconds)],
    ['Rate', seconds !== null && seconds > 0 && `${count(Math.round(load.received / seconds))} records a second`],
    ['Attempt', load.attempt > 1 ? `${load.attempt}: resumed by its load key` : '1'],
  ]);
}

/** A load that was killed leaves no end, so the page says when it was last heard of. */
function lastSign({ startedAt }: HistoryEntry, slices: LoadTimeline['slices']): Html {
  const last = slices.reduce((latest, { until }) => (until > latest ? until : latest), startedAt);
  const silent = duration(Math.max(0, Date.now() - last.getTime()) / MS);
  return html`not yet. Last sign of life: ${time(last)}, ${silent} ago. If its process was killed, it stays
    <code>running</code> until a load with its load key resumes it.`;
}

function errorOf({ error, status }: HistoryEntry): HtmlValue {
  if (error === null) {
    return null;
  }
  const known: ErrorCodeEntry | undefined = Object.hasOwn(ERROR_CODES, error.code)
    ? ERROR_CODES[error.code as keyof typeof ERROR_CODES]
    : undefined;
  return html`<div class="message error">
    <p>
      <b
        >${status === 'running' ? 'Unreadable' : `The load ${status === 'failed' ? 'has failed' : 'was interrupted'}`}:
        <code>${error.code}</code></b
      >
    </p>
    <p>${showText(error.message)}</p>
    ${known !== undefined && html`<p>${known.meaning} ${known.action}</p>`}
  </div>`;
}

function countsOf({ tables, ...load }: HistoryEntry): Html {
  const rows: readonly CountRow[] = [
    { name: 'Load', counts: load },
    ...Object.entries(tables ?? {}).map(([name, counts]) => ({ name, counts })),
  ];
  // Of a load into several tables, inserted, updated and unchanged are those of the tables.
  const names = RECORD_COUNTS.filter((name) => name !== 'stored' || load.stored !== null);
  return table<CountRow>(
    'Counts of records',
    [
      { head: tables === null ? '' : 'Rows of', cell: ({ name }) => name },
      ...names.map((name): Column<CountRow> => ({
        head: name,
        cell: ({ counts }) => orDash(counts[name], count),
        isNumber: true,
      })),
    ],
    rows,
  );
}

function shardsPart({ shards }: LoadPageInput): HtmlValue {
  if (shards.length === 0) {
    return null;
  }
  return panel(
    counted(shards.length, 'shard', 'shards'),
    table<ShardEntry>(
      'Shards of this load',
      [
        { head: 'Shard', cell: ({ shard }) => String(shard), isNumber: true },
        { head: 'Status', cell: ({ status }) => (status === 'not started' ? status : badge(status)) },
        { head: 'Attempt', cell: ({ attempt }) => String(attempt), isNumber: true },
        { head: 'Received', cell: ({ received }) => count(received), isNumber: true },
        { head: 'Loaded', cell: (shard) => count(loadedOf(shard) + (shard.stored ?? 0)), isNumber: true },
        { head: 'Rejected', cell: ({ rejected }) => count(rejected), isNumber: true },
        { head: 'Failed', cell: ({ failed }) => count(failed), isNumber: true },
        { head: 'Started (UTC)', cell: ({ startedAt }) => orDash(startedAt, time) },
        {
          head: 'Duration',
          cell: ({ startedAt, ...end }) => orDash(startedAt && secondsOf({ startedAt, ...end }), duration),
          isNumber: true,
        },
        { head: 'Error', cell: ({ error }) => orDash(error, ({ code }) => html`<code>${code}</code>`) },
      ],
      shards,
    ),
  );
}

function timelinePart({ load, timeline: { slices } }: LoadPageInput): Html {
  const start = load.startedAt.getTime();
  return timeline({
    title: 'Records committed',
    unit: 'since the start of the load',
    empty: 'No committed batches',
    seconds: secondsOf(load) ?? 0,
    steps: slices.map(({ firstBatchNo, lastBatchNo, until, records, attempt }) => ({
      name: firstBatchNo === lastBatchNo ? `batch ${firstBatchNo}` : `batches ${firstBatchNo} to ${lastBatchNo}`,
      seconds: (until.getTime() - start) / MS,
      records,
      attempt,
    })),
  });
}

function batchesPart({ load, root, timeline: { batches: all }, batches, firstBatch }: LoadPageInput): Html {
  if (all === 0) {
    return panel(
      'Batches',
      html`<p class="nothing">
        No batches. A small load is one statement, and has none; so has a load that committed nothing.
      </p>`,
    );
  }
  const to = (batch: number): string => link(root, `loads/${load.loadId}`, { batch: batch === 0 ? undefined : batch });
  const next = batches.hasMore ? to((batches.batches.at(-1) as BatchEntry).batchNo + 1) : undefined;
  return panel(counted(all, 'committed batch', 'committed batches'), [
    batchTable(batches.batches),
    pager(firstBatch > 0 ? to(0) : undefined, next, ['First batches', 'Next batches']),
  ]);
}

function batchTable(batches: readonly BatchEntry[]): Html {
  const present = Object.keys(NO_COUNTS).filter((name): name is keyof LoadCounts =>
    batches.some(({ counts }) => counts !== null && counts[name as keyof LoadCounts] > 0),
  );
  return table<BatchEntry>(
    'Committed batches',
    [
      { head: 'Batch', cell: ({ batchNo }) => String(batchNo), isNumber: true },
      { head: 'Attempt', cell: ({ attempt }) => String(attempt), isNumber: true },
      {
        head: 'Positions',
        cell: ({ firstPosition, endPosition }) =>
          `${count(firstPosition)} – ${count(Math.max(firstPosition, endPosition - 1))}`,
        isNumber: true,
      },
      ...present.map((name): Column<BatchEntry> => ({
        head: name,
        cell: ({ counts }) => orDash(counts?.[name], count),
        isNumber: true,
      })),
      { head: 'Committed (UTC)', cell: ({ committedAt }) => time(committedAt) },
    ],
    batches,
  );
}

function rejectsPart({ load: { loadId }, root, rejects: { groups, count: sum, isExact } }: LoadPageInput): Html {
  if (groups.length === 0) {
    return panel('Rejected records', html`<p class="nothing">None in quarantine.</p>`);
  }
  const to = (reason?: string): string => link(root, 'rejects', { loadId, reason });
  return panel('Rejected records', [
    table(
      'Rejected records of this load by reason',
      [
        { head: 'Reason', cell: ({ reason }) => html`<a href="${to(reason)}"><code>${reason}</code></a>` },
        {
          head: 'Records',
          cell: (group) => `${group.isExact ? '' : 'more than '}${count(group.count)}`,
          isNumber: true,
        },
      ],
      groups,
    ),
    html`<p>
      <a href="${to()}">${isExact ? '' : 'More than '}${counted(sum, 'record')}</a> in quarantine, replayed ones
      included.
    </p>`,
  ]);
}

function fieldsPart({ unknownFields, unknownFieldsPolicy }: HistoryEntry): Html {
  const fields = Object.entries(unknownFields ?? {}).toSorted(([, a], [, b]) => b - a);
  if (fields.length === 0) {
    return panel('Fields without a column', html`<p class="nothing">None.</p>`);
  }
  const done = unknownFieldsPolicy === 'discard' ? 'discarded' : 'captured into the extra column';
  return panel('Fields without a column', [
    html`<p>They were ${done}.</p>`,
    table(
      'Fields without a column',
      [
        { head: 'Field', cell: ([field]) => html`<code>${showText(field)}</code>` },
        { head: 'Records', cell: ([, occurrences]) => count(occurrences), isNumber: true },
      ],
      fields,
    ),
  ]);
}
