import { BATCH_BYTES } from '../../src/loader/read/read-batches.js';
import { quantile } from '../report/figures.js';
import { LOAD_KINDS, type LoadKind, type Point, type Sample } from './measure.js';

/** What is predicted of a row. */
const FIGURES = ['microseconds', 'loaderCpu', 'serverCpu', 'walBytes'] as const;
type Figure = (typeof FIGURES)[number];

/** A figure of a row: the sum of five costs, each times how often a row has it. */
export interface Model {
  readonly kind: LoadKind;
  readonly figure: Figure;
  readonly costs: Costs;
  /** |predicted ÷ measured - 1| of the points it was made from. */
  readonly error: { readonly median: number; readonly largest: number };
}

/** Five costs of a row, or how often a row has them. */
interface Costs {
  /** Whatever the row is. */
  readonly row: number;
  /** Of 1,000 bytes. */
  readonly kilobyte: number;
  /** Of an index in which the row belongs anywhere; of a changed row, of an index besides the key. */
  readonly index: number;
  /** Of a page that is changed for the first time since the checkpoint. */
  readonly page: number;
  /** Of a batch; a row has its share. */
  readonly batch: number;
}

const DEFAULT_BATCH_SIZE = 5_000;
const PAGE_BYTES = 8_192;

/** Models of each kind of load, from the points of one loader and a plain table. */
export function modelsOf(points: readonly Point[]): Model[] {
  const plain = points.filter(({ loaders, table }) => loaders === 1 && table.shape.partitions === 0);
  return LOAD_KINDS.flatMap((kind) => FIGURES.flatMap((figure) => modelOf(kind, figure, plain) ?? []));
}

/** Undefined where the figure was not measured. */
function modelOf(kind: LoadKind, figure: Figure, points: readonly Point[]): Model | undefined {
  const measured = points.map(({ samples }) => medianOf(samples[kind], figure));
  if (!measured.every((value) => value > 0)) {
    return undefined;
  }
  const causes = points.map((point) => {
    const { row, kilobyte, index, page, batch } = causesOf(kind, point);
    // Indexes and pages are the server's.
    return figure === 'loaderCpu' ? [row, kilobyte, 0, 0, batch] : [row, kilobyte, index, page, batch];
  });
  // Divided by what was measured, so that errors count by their share and large rows do not outweigh small ones.
  const factors = leastSquares(causes.map((line, point) => line.map((cause) => cause / (measured[point] ?? NaN))));
  const errors = causes.map((line, point) => {
    const predicted = line.reduce((sum, cause, column) => sum + cause * (factors[column] ?? NaN), 0);
    return Math.abs(predicted / (measured[point] ?? NaN) - 1);
  });
  const [row = NaN, kilobyte = NaN, index = NaN, page = NaN, batch = NaN] = factors;
  return {
    kind,
    figure,
    costs: { row, kilobyte, index, page, batch },
    error: { median: quantile(errors, 0.5), largest: Math.max(...errors) },
  };
}

function medianOf(samples: readonly Sample[], figure: Figure): number {
  return quantile(
    samples.map((sample) => sample[figure] ?? NaN),
    0.5,
  );
}

/** How often a row has each cost. */
function causesOf(kind: LoadKind, { table, size, rows, batchSize = DEFAULT_BATCH_SIZE }: Point): Costs {
  const { stored, indexes, shape } = table;
  const loaded = kind === 'changed' ? Math.min(rows, stored) : rows;
  const ofIndex = freshPages(size.indexes / (1 + indexes), loaded);
  const scattered = indexes + (shape.key.isRandom ? 1 : 0);
  const [index, page] = {
    new: [scattered, scattered * ofIndex],
    again: [0, 0],
    // A row version that finds no room in its page is new to all indexes.
    changed: [indexes, freshPages(size.table, loaded) + (1 + indexes) * ofIndex],
  }[kind];
  const batch = 1 / Math.min(loaded, batchSize, BATCH_BYTES / shape.width);
  return { row: 1, kilobyte: shape.width / 1_000, index: index ?? 0, page: page ?? 0, batch };
}

/** Pages that are hit for the first time, a row, when so many rows fall anywhere. */
function freshPages(bytes: number, rows: number): number {
  const pages = Math.max(1, bytes / PAGE_BYTES);
  return (pages * (1 - Math.exp(-rows / pages))) / rows;
}

/** Factors by which the sums of the lines come nearest to 1: the normal equations, by Gaussian elimination. */
function leastSquares(lines: readonly (readonly number[])[]): number[] {
  const size = lines[0]?.length ?? 0;
  const sum = (of: (line: readonly number[]) => number): number => lines.reduce((total, line) => total + of(line), 0);
  const equations = Array.from({ length: size }, (_, row) => [
    ...Array.from({ length: size }, (__, column) => sum((line) => at(line, row) * at(line, column))),
    sum((line) => at(line, row)),
  ]);
  // What no line has needs no factor.
  const present = equations.map((_, column) => lines.some((line) => at(line, column) !== 0));
  for (let pivot = 0; pivot < size; pivot += 1) {
    const own = equations[pivot] ?? [];
    for (const other of present[pivot] === true ? equations.filter((equation) => equation !== own) : []) {
      const share = at(other, pivot) / at(own, pivot);
      own.forEach((value, column) => {
        other[column] = at(other, column) - value * share;
      });
    }
  }
  return equations.map((equation, row) => (present[row] === true ? at(equation, size) / at(equation, row) : 0));
}

function at(line: readonly number[], column: number): number {
  return line[column] ?? 0;
}
