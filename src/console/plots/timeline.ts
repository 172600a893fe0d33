import { compactCount, count, duration } from '../html/format.js';
import { type Html, html } from '../html/html.js';
import { BOTTOM, frame, LEFT, type PlotText, RIGHT, round, yOf } from './frame.js';
import { axisFor } from './scale.js';

/** Neighbouring batches of a load. */
interface Step {
  /** `batch 3`, or `batches 3 to 7`. */
  readonly name: string;
  /** When the last of them was committed, in seconds from the start of the load. */
  readonly seconds: number;
  /** Their records. */
  readonly records: number;
  /** From 1. */
  readonly attempt: number;
}

/** Records that a load has committed, over its time. */
export interface Timeline extends Omit<PlotText, 'table' | 'legend'> {
  readonly steps: readonly Step[];
  /** Length of the time axis. */
  readonly seconds: number;
}

const LEAST_WIDTH = 0.5;

/** Draws the sum of the records as stairs, a step for each batch. */
export function timeline({ steps, seconds, ...text }: Timeline): Html {
  const inTime = steps.toSorted((a, b) => a.seconds - b.seconds);
  const total = steps.reduce((sum, { records }) => sum + records, 0);
  const axis = axisFor(total, 'whole number');
  const span = Math.max(seconds, ...steps.map((step) => step.seconds), 0.001);
  const xOf = (at: number): number => LEFT + (Math.max(0, at) / span) * (RIGHT - LEFT);
  let [sum, left] = [0, LEFT];
  const marks = inTime.map(({ name, seconds: at, records, attempt }) => {
    sum += records;
    const x = round(left);
    const right = xOf(at);
    const width = round(Math.max(LEAST_WIDTH, right - left));
    left = right;
    const y = yOf(sum, axis);
    return html`<rect
      class="${attempt === 1 ? 'batch' : 'batch later'}"
      x="${x}"
      y="${y}"
      width="${width}"
      height="${round(BOTTOM - y)}"
      ><title>
        ${name}: ${count(records)} records, ${count(sum)} in all, after
        ${duration(at)}${attempt > 1 && `, attempt ${attempt}`}
      </title></rect
    >`;
  });
  const ticks = axisFor(span, 'seconds')
    .ticks.filter((at) => at <= span)
    .map((at) => ({ x: xOf(at), label: duration(at) }));
  return frame({ ...text, table: tableOf(inTime) }, axis, compactCount, ticks, marks);
}

function tableOf(steps: readonly Step[]): Html {
  return html`<table>
    <caption class="hidden">
      Batches
    </caption>
    <thead>
      <tr>
        <th scope="col">Batches</th>
        <th scope="col" class="number">Records</th>
        <th scope="col" class="number">Committed after</th>
        <th scope="col" class="number">Attempt</th>
      </tr>
    </thead>
    <tbody>
      ${steps.map(
        ({ name, records, seconds, attempt }) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td class="number">${count(records)}</td>
            <td class="number">${duration(seconds)}</td>
            <td class="number">${attempt}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
