import { type Html, html, type HtmlValue } from '../html/html.js';
import type { Axis } from './scale.js';

/** Size of a plot in its own units; it is as wide as its column. */
const WIDTH = 400;
const HEIGHT = 190;
/** The rectangle between the axes. */
export const LEFT = 54;
export const RIGHT = 394;
const TOP = 12;
export const BOTTOM = 164;

/** Room that half a label takes. */
const EDGE = 20;

/** What a plot shows, besides its marks. */
export interface PlotText {
  readonly title: string;
  /** Name of the unit, for the value axis. */
  readonly unit: string;
  /** What is shown instead of marks, when there are none. */
  readonly empty: string;
  /** The numbers of the plot. */
  readonly table: Html;
  /** @default none */
  readonly legend?: Html | undefined;
}

/** A label on the time axis. */
export interface TimeTick {
  readonly x: number;
  readonly label: string;
}

/** The vertical position of a value. */
export function yOf(value: number, { max }: Axis): number {
  return round(BOTTOM - (value / max) * (BOTTOM - TOP));
}

/** Positions have one digit, which is a fraction of a pixel. */
export function round(position: number): number {
  return Math.round(position * 10) / 10;
}

/** A label at an edge begins or ends there, so that it is not cut. */
function edgeOf(x: number): string {
  return x < LEFT + EDGE ? 'first' : x > RIGHT - EDGE ? 'last' : '';
}

/** A figure: marks between axes, and the numbers behind them. */
export function frame(
  { title, unit, empty, table, legend }: PlotText,
  axis: Axis,
  formatTick: (value: number) => string,
  timeTicks: readonly TimeTick[],
  marks: readonly HtmlValue[],
): Html {
  const isEmpty = marks.length === 0;
  return html`<figure class="plot">
    <figcaption>${title} <span class="unit">${unit}</span></figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}, ${unit}${isEmpty && `: ${empty}`}">
      <g class="grid">
        ${axis.ticks.map((tick) => html`<line x1="${LEFT}" x2="${RIGHT}" y1="${yOf(tick, axis)}" y2="${yOf(tick, axis)}" />`)}
      </g>
      <g class="labels values">
        ${axis.ticks.map((tick) => html`<text x="${LEFT - 6}" y="${yOf(tick, axis) + 4}">${formatTick(tick)}</text>`)}
      </g>
      <g class="labels times">
        ${timeTicks.map(({ x, label }) => html`<text class="${edgeOf(x)}" x="${round(x)}" y="${BOTTOM + 17}">${label}</text>`)}
      </g>
      ${
        isEmpty
          ? html`<text class="empty" x="${(LEFT + RIGHT) / 2}" y="${(TOP + BOTTOM) / 2}">${empty}</text>`
          : html`<g class="marks">${marks}</g>`
      }
      <line class="axis" x1="${LEFT}" x2="${RIGHT}" y1="${BOTTOM}" y2="${BOTTOM}" />
    </svg>
    ${legend}
    <details>
      <summary>Numbers</summary>
      <div class="scroll">${table}</div>
    </details>
  </figure>`;
}
