import type { SchemaDifference } from '../../errors/index.js';
import { type Activity, ACTIVITY_PERIODS, type ActivityPeriod } from '../../operations/activity.js';
import type { TableFreshness } from '../../operations/freshness.js';
import type { RejectGroups } from '../../operations/reject-groups.js';
import { RUNNING_COUNTED, type RunningLoad, type RunningLoads } from '../../operations/running-loads.js';
import type { PendingMigration, SchemaDifferences } from '../../operations/storage-operations.js';
import { count, counted, duration, orDash, time } from '../html/format.js';
import { type Html, html, type HtmlValue } from '../html/html.js';
import { badge, link, panel, table } from '../html/parts.js';
import { showText } from '../html/show-text.js';
import { activityPlots } from './activity-plots.js';

const PERIOD_NAMES: Readonly<Record<ActivityPeriod, string>> = {
  '24h': '24 hours',
  '7d': '7 days',
  '30d': '30 days',
};
const MS = 1_000;

/** Links to the periods; the page stays the same. */
export function periodLinks(chosen: ActivityPeriod): Html {
  return html`<nav class="choices" aria-label="Period">
    <ul>
      ${ACTIVITY_PERIODS.map(
        (period) =>
          html`<li>
            <a href="?period=${period}" ${period === chosen && html` aria-current="true"`}>${PERIOD_NAMES[period]}</a>
          </li>`,
      )}
    </ul>
  </nav>`;
}

/** What ran in a period: the sums, and the plots. */
export function activityPart(activity: Activity, root: string): Html {
  const { total, from } = activity;
  const { received, rejected, failed } = total.records;
  const ended = total.loads.completed + total.loads.failed + total.loads.interrupted;
  const started = link(root, 'loads', { from: from.toISOString().slice(0, 16) });
  return html`<ul class="tiles">
      ${tile('Records received', count(received), `in ${counted(ended, 'load')} that ended`, started)}
      ${tile('Records rejected', count(rejected), share(rejected, received), link(root, 'rejects'), rejected > 0 && 'warn')}
      ${tile('Records failed', count(failed), share(failed, received), undefined, failed > 0 && 'bad')}
      ${tile('Loads failed', count(total.loads.failed), interruptedText(total.loads.interrupted), link(root, 'loads', { status: 'failed' }), total.loads.failed > 0 && 'bad')}
    </ul>
    ${missingLoads(activity)} ${activityPlots(activity)}`;
}

function tile(
  name: string,
  value: string,
  note: string,
  target: string | undefined,
  className: string | false = false,
): Html {
  const content = html`<span class="name">${name}</span><strong>${value}</strong><span class="note">${note}</span>`;
  return html`<li class="tile ${className}">
    ${target === undefined ? content : html`<a href="${target}">${content}</a>`}
  </li>`;
}

function share(part: number, whole: number): string {
  const percent = whole === 0 ? 0 : (part / whole) * 100;
  return percent > 0 && percent < 0.1 ? 'less than 0.1 % of them' : `${count(percent)} % of them`;
}

function interruptedText(interrupted: number): string {
  return interrupted === 0 ? 'none interrupted' : `and ${count(interrupted)} interrupted`;
}

/** A purge, and loads without history, make numbers too low: the page says so. */
function missingLoads({ from, history: { completeFrom, incompleteFrom } }: Activity): HtmlValue {
  const purged = completeFrom !== null && completeFrom > from;
  return [
    purged &&
      html`<p class="message">Loads that ended before ${time(completeFrom)} may be missing: they were purged.</p>`,
    incompleteFrom !== null &&
      html`<p class="message">
        Loads with <code>history: 'off'</code> are not counted, unless they failed. The first was at
        ${time(incompleteFrom)}.
      </p>`,
  ];
}

/** Loads without an end. */
export function runningPart({ count: found, stalled, loads }: RunningLoads, root: string): Html {
  const more = found >= RUNNING_COUNTED ? `at least ${count(found)}` : count(found);
  const shown =
    found > loads.length &&
    html`<p><a href="${link(root, 'loads', { status: 'running' })}">All ${more} running loads</a></p>`;
  const note =
    stalled > 0 &&
    html`<p class="message">
      ${counted(stalled, 'load')} without a sign of life for 15 minutes: the process was probably killed. Such a load
      stays <code>running</code> until it is resumed by its load key.
    </p>`;
  const content =
    loads.length === 0
      ? html`<p class="nothing">No load is running.</p>`
      : table<RunningLoad>(
          'Running loads',
          [
            {
              head: 'Started (UTC)',
              cell: ({ loadId, startedAt }) => html`<a href="${link(root, `loads/${loadId}`)}">${time(startedAt)}</a>`,
            },
            { head: 'Table', cell: (load) => load.table },
            { head: 'State', cell: (load) => (load.stalled ? badge('stalled', 'warn') : badge('running')) },
            { head: 'Committed', cell: ({ received }) => count(received), isNumber: true },
            { head: 'Rejected', cell: ({ rejected }) => count(rejected), isNumber: true },
            { head: 'Batches', cell: ({ batches }) => count(batches), isNumber: true },
            { head: 'Last sign of life', cell: ({ silentMs }) => `${duration(silentMs / MS)} ago`, isNumber: true },
            { head: 'Source', cell: ({ source }) => orDash(source, showText) },
          ],
          loads,
        );
  return panel('Running loads', [note, content, shown]);
}

/** Open rejected records by table and reason. */
export function rejectsPart({ groups, count: sum, isExact }: RejectGroups, root: string): Html {
  const content =
    groups.length === 0
      ? html`<p class="nothing">No open rejected records.</p>`
      : table(
          'Open rejected records',
          [
            { head: 'Table', cell: (group) => group.table },
            {
              head: 'Reason',
              cell: ({ table: name, reason }) =>
                html`<a href="${link(root, 'rejects', { table: name, reason })}"><code>${reason}</code></a>`,
            },
            {
              head: 'Records',
              cell: (group) => `${group.isExact ? '' : 'more than '}${count(group.count)}`,
              isNumber: true,
            },
            { head: 'Oldest (UTC)', cell: ({ oldest }) => time(oldest) },
            { head: 'Newest (UTC)', cell: ({ newest }) => time(newest) },
          ],
          groups,
        );
  const all = `${isExact ? '' : 'more than '}${counted(sum, 'record')}`;
  return panel('Open rejected records', [
    content,
    groups.length > 0 && html`<p><a href="${link(root, 'rejects')}">${all} in all</a></p>`,
  ]);
}

/** Pending migrations, and what differs between entities and tables. */
export function schemaPart(
  pending: readonly PendingMigration[],
  { breaking, other, tables }: SchemaDifferences,
  root: string,
): Html {
  const lists = [
    pending.length > 0 && [
      html`<p class="message error">
        ${counted(pending.length, 'migration')} not applied. To fix: <code>${pending[0]?.fix}</code>
      </p>`,
      html`<ul>
        ${pending.map(({ name }) => html`<li><code>${name}</code></li>`)}
      </ul>`,
    ],
    breaking.length > 0 && [
      html`<p class="message error">${counted(breaking.length, 'difference')} that stop loads</p>`,
      differences(breaking),
    ],
    other.length > 0 && html`<p>${counted(other.length, 'difference')} that do not affect loads.</p>`,
  ].filter((part) => part !== false);
  const fine = html`<p class="nothing">
    ${counted(tables.length, 'table')} as the entities say, all migrations applied.
  </p>`;
  return panel('Schema', [
    lists.length === 0 ? fine : lists,
    html`<p><a href="${link(root, 'schema')}">Differences and proposals</a></p>`,
  ]);
}

function differences(found: readonly SchemaDifference[]): Html {
  return html`<ul>
    ${found.map(
      ({ table: name, column, expected, actual }) =>
        html`<li>
          <code>${name}${column !== undefined && `.${column}`}</code>: expected ${expected}, found ${actual}
        </li>`,
    )}
  </ul>`;
}

/** When records last arrived in each table. */
export function freshnessPart(tables: readonly TableFreshness[], root: string): Html {
  const content =
    tables.length === 0
      ? html`<p class="nothing">No table was loaded yet.</p>`
      : table<TableFreshness>(
          'When records last arrived in each table',
          [
            {
              head: 'Table',
              cell: ({ table: name }) => html`<a href="${link(root, 'loads', { table: name })}">${name}</a>`,
            },
            { head: 'State', cell: stateOf },
            { head: 'Last arrival (UTC)', cell: ({ lastArrivalAt }) => orDash(lastArrivalAt, time) },
            { head: 'Ago', cell: ({ silentMs }) => orDash(silentMs, asDuration), isNumber: true },
            {
              head: 'Usually every',
              cell: ({ usualIntervalMs }) => orDash(usualIntervalMs, asDuration),
              isNumber: true,
            },
            { head: 'Stale after', cell: ({ staleAfterMs }) => orDash(staleAfterMs, asDuration), isNumber: true },
            {
              head: 'Last load',
              cell: ({ lastLoad: { loadId, status } }) =>
                html`<a href="${link(root, `loads/${loadId}`)}">${badge(status)}</a>`,
            },
          ],
          // What needs attention first.
          tables.toSorted((a, b) => Number(b.stale) - Number(a.stale)),
        );
  return panel('Freshness of tables', content);
}

function stateOf({ stale, staleAfterMs, lastArrivalAt }: TableFreshness): Html {
  if (stale) {
    return badge('stale', 'warn');
  }
  if (lastArrivalAt === null) {
    return badge('no records yet', 'unknown');
  }
  return staleAfterMs === null ? badge('too few loads to tell', 'unknown') : badge('fresh', 'completed');
}

function asDuration(ms: number): string {
  return duration(ms / MS);
}
