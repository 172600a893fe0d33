import { compactCount } from '../html/format.js';
import { type Html, html } from '../html/html.js';
import { BOTTOM, frame, LEFT, type PlotText, RIGHT, round, yOf } from './frame.js';
import { axisFor, type Unit } from './scale.js';

/** One of the numbers of each bar. */
interface Series {
  readonly label: string;
  /** Class of its colour. */
  readonly className: string;
}

/** One bar: a bucket of time. */
export interface Bar {
  /** Head of its row in the table, and beginning of its hover titles. */
  readonly name: string;
  /** Label on the time axis. @default none */
  readonly tick?: string | undefined;
  /** A value for each series; null is nothing. */
  readonly values: readonly (number | null)[];
}

/** Bars over time. */
export interface BarPlot extends Omit<PlotText, 'table' | 'legend'> {
  readonly series: readonly Series[];
  readonly bars: readonly Bar[];
  /** Text of a value. */
  readonly format: (value: number) => string;
  /** Text of a tick. @default `1.2k` */
  readonly formatTick?: ((value: number) => string) | undefined;
  readonly valueUnit: Unit;
  /** Series stand on top of each other, or each on the axis, the first behind the others. */
  readonly arranged: 'stacked' | 'overlaid';
}

const GAP = 2;
/** Height of the smallest value that is not 0: three rejected records among a million are to be seen. */
const LEAST_HEIGHT = 1;

/** Draws bars with a hover title each, above a table of the same numbers. */
export function barPlot(plot: BarPlot): Html {
  const { series, bars, format, formatTick = compactCount, valueUnit, arranged, ...text } = plot;
  const heightOf = arranged === 'stacked' ? sumOf : largestOf;
  const axis = axisFor(largestOf(bars.map(({ values }) => heightOf(values))), valueUnit);
  const step = (RIGHT - LEFT) / Math.max(1, bars.length);
  const marks = bars.flatMap(({ name, values }, index) => {
    let bottom = BOTTOM;
    return values.flatMap((value, at) => {
      if (value === null || !(value > 0)) {
        return [];
      }
      const height = round(Math.max(LEAST_HEIGHT, BOTTOM - yOf(value, axis)));
      bottom = round((arranged === 'stacked' ? bottom : BOTTOM) - height);
      const { label, className } = series[at] as Series;
      return [
        html`<rect
          class="${className}"
          x="${round(LEFT + index * step + GAP / 2)}"
          y="${bottom}"
          width="${round(step - GAP)}"
          height="${height}"
          ><title>${name}: ${format(value)} ${label}</title></rect
        >`,
      ];
    });
  });
  const ticks = bars.flatMap(({ tick }, index) =>
    tick === undefined ? [] : [{ x: LEFT + (index + 0.5) * step, label: tick }],
  );
  return frame({ ...text, table: tableOf(plot), legend: legendOf(series) }, axis, formatTick, ticks, marks);
}

function sumOf(values: readonly (number | null)[]): number {
  return values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}

function largestOf(values: readonly (number | null)[]): number {
  return Math.max(0, ...values.map((value) => value ?? 0));
}

function legendOf(series: readonly Series[]): Html | undefined {
  return series.length < 2
    ? undefined
    : html`<ul class="legend">
        ${series.map(
          ({ label, className }) =>
            html`<li>
              <svg viewBox="0 0 10 10" class="key" aria-hidden="true">
                <rect class="${className}" width="10" height="10" /></svg
              >${label}
            </li>`,
        )}
      </ul>`;
}

function tableOf({ title, series, bars, format }: BarPlot): Html {
  return html`<table>
    <caption class="hidden">
      ${title}
    </caption>
    <thead>
      <tr>
        <th scope="col">From (UTC)</th>
        ${series.map(({ label }) => html`<th scope="col" class="number">${label}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${bars.map(
        ({ name, values }) =>
          html`<tr>
            <th scope="row">${name}</th>
            ${values.map((value) => html`<td class="number">${value === null ? '–' : format(value)}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
