import type { QuarantinedRecord } from '../../quarantine/quarantined-record.js';
import { REJECT_REASONS } from '../../records/reject-reasons.js';
import { count, time } from '../html/format.js';
import { type Html, html } from '../html/html.js';
import { facts, link, panel } from '../html/parts.js';
import { showText } from '../html/show-text.js';

/** What a page of one rejected record needs. */
export interface RejectView {
  /** Relative link to the overview. */
  readonly root: string;
  readonly record: QuarantinedRecord;
  readonly canSee: boolean;
  /** Whether its load is in the history. */
  readonly hasLoad: boolean;
}

/** One rejected record: why and where, but not its content. */
export function rejectPage({ root, record, canSee, hasLoad }: RejectView): Html {
  const { id, loadId, table, position, key, reason, column, message, bytes, createdAt, replayedAt } = record;
  const explained = Object.hasOwn(REJECT_REASONS, reason) && REJECT_REASONS[reason as keyof typeof REJECT_REASONS];
  return html`<p class="message error">
      <b>${showText(reason)}</b>${column !== null && html` in column <mark>${showText(column)}</mark>`}:
      ${showText(message)}
    </p>
    ${explained && explained !== message && html`<p>${explained}</p>`}
    ${panel(
      'Record',
      facts([
        ['Table', showText(table)],
        [
          'Load',
          hasLoad ? html`<a href="${link(root, `loads/${loadId}`)}">${loadId}</a>` : `${loadId} (not in the history)`,
        ],
        ['Position', `${count(position)}, counted from 0`],
        ['Key', canSee && key !== null ? showText(key) : null],
        ['Size', `${count(bytes)} bytes`],
        ['Rejected (UTC)', time(createdAt)],
        ['Replayed (UTC)', replayedAt === null ? 'not yet: the record is open' : time(replayedAt)],
      ]),
    )}
    <p class="actions">
      ${
        canSee
          ? html`<a class="button" href="${link(root, `rejects/${id}/content`)}">Show the content</a>
              <span>The log of the application tells who has seen it.</span>`
          : html`<span>You may not see the content of this record.</span>`
      }
    </p>`;
}
