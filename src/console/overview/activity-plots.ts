import type { Activity, ActivityBucket, RecordOutcomes } from '../../operations/activity.js';
import { compactCount, count, duration, isoTime } from '../html/format.js';
import { type Html, html } from '../html/html.js';
import { type Bar, barPlot } from '../plots/bar-plot.js';

type Outcome = Exclude<keyof RecordOutcomes, 'received'>;

/** Bottom to top. */
const OUTCOMES: readonly Outcome[] = [
  'inserted',
  'stored',
  'updated',
  'unchanged',
  'deleted',
  'duplicates',
  'skipped',
  'rejected',
  'failed',
];
const EMPTY = 'No loads in this period';
const HOURS_A_LABEL = 6;
const DAYS_A_LABEL = 7;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Records, rate and duration over time. */
export function activityPlots(activity: Activity): Html {
  const { buckets, total } = activity;
  const bars = (valuesOf: (bucket: ActivityBucket) => Bar['values']): Bar[] =>
    buckets.map((bucket, index) => ({
      name: isoTime(bucket.from).slice(0, activity.period === '30d' ? 10 : 16),
      tick: tickOf(activity, index),
      values: valuesOf(bucket),
    }));
  const present = OUTCOMES.filter((outcome) => total.records[outcome] > 0);
  return html`<div class="plots">
    ${barPlot({
      title: 'Records by outcome',
      unit: 'records',
      empty: EMPTY,
      valueUnit: 'whole number',
      arranged: 'stacked',
      format: count,
      series: present.map((outcome) => ({ label: outcome, className: `outcome-${outcome}` })),
      bars: bars(({ records }) => present.map((outcome) => records[outcome])),
    })}${barPlot({
      title: 'Rate of loads',
      unit: 'records a second',
      empty: EMPTY,
      valueUnit: 'number',
      arranged: 'stacked',
      format: (value) => count(Math.round(value)),
      formatTick: compactCount,
      series: [{ label: 'records a second', className: 'rate' }],
      bars: bars(({ recordsPerSecond }) => [recordsPerSecond]),
    })}${barPlot({
      title: 'Duration of loads',
      unit: 'average and longest',
      empty: EMPTY,
      valueUnit: 'seconds',
      arranged: 'overlaid',
      format: duration,
      formatTick: duration,
      series: [
        { label: 'longest', className: 'longest' },
        { label: 'average', className: 'average' },
      ],
      bars: bars(({ averageSeconds, maxSeconds }) => [maxSeconds, averageSeconds]),
    })}
  </div>`;
}

/** At round times. */
function tickOf({ period, buckets }: Activity, index: number): string | undefined {
  const { from } = buckets[index] as ActivityBucket;
  const hour = from.getUTCHours();
  if (period === '24h') {
    return hour % HOURS_A_LABEL === 0 ? `${String(hour).padStart(2, '0')}:00` : undefined;
  }
  const isLabelled = period === '7d' ? hour === 0 : (buckets.length - 1 - index) % DAYS_A_LABEL === 0;
  return isLabelled ? `${MONTHS[from.getUTCMonth()]} ${from.getUTCDate()}` : undefined;
}
