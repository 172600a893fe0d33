import { BATCH_BYTES } from '../../src/loader/read/read-batches.js';
import { quantile } from '../report/figures.js';
import { LOAD_KINDS, type LoadKind, type Point } from './measure.js';

/** What a row costs, in microseconds of a load: the sum of these. */
export interface Model {
  readonly kind: LoadKind;
  /** Whatever the row is. */
  readonly row: number;
  /** For each kilobyte of it. */
  readonly kilobyte: number;
  /** For each index in which it belongs anywhere, and each factor of ten of rows that are stored. */
  readonly index: number;
  /** For each batch; a row has its share of it. */
  readonly batch: number;
  /** |predicted ÷ measured - 1| of the points it was made from. */
  readonly error: { readonly median: number; readonly largest: number };
}

const DEFAULT_BATCH_SIZE = 5_000;

/** A model of each kind of load, from the points of one loader and a plain table. */
export function modelsOf(points: readonly Point[]): Model[] {
  const plain = points.filter(({ loaders, table }) => loaders === 1 && table.shape.partitions === 0);
  return LOAD_KINDS.map((kind) => modelOf(kind, plain));
}

function modelOf(kind: LoadKind, points: readonly Point[]): Model {
  const measured = points.map(({ samples }) =>
    quantile(
      samples[kind].map(({ microseconds }) => microseconds),
      0.5,
    ),
  );
  const causes = points.map((point) => causesOf(kind, point));
  // Divided by what was measured, so that errors count by their share and large rows do not outweigh small ones.
  const factors = leastSquares(causes.map((line, index) => line.map((cause) => cause / (measured[index] ?? NaN))));
  const errors = causes.map((line, index) => {
    const predicted = line.reduce((sum, cause, column) => sum + cause * (factors[column] ?? NaN), 0);
    return Math.abs(predicted / (measured[index] ?? NaN) - 1);
  });
  const [row = NaN, kilobyte = NaN, index = NaN, batch = NaN] = factors;
  return { kind, row, kilobyte, index, batch, error: { median: quantile(errors, 0.5), largest: Math.max(...errors) } };
}

/** How often a row has each of the costs. */
function causesOf(kind: LoadKind, { table, rows, batchSize = DEFAULT_BATCH_SIZE }: Point): number[] {
  const { stored, indexes, shape } = table;
  const loaded = kind === 'changed' ? Math.min(rows, stored) : rows;
  const scattered = indexes + (shape.key.isRandom ? 1 : 0);
  const batch = Math.min(loaded, batchSize, BATCH_BYTES / shape.width);
  return [1, shape.width / 1_000, scattered * Math.log10(stored), 1 / batch];
}

/** Factors by which the sums of the lines come nearest to 1: the normal equations, by Gaussian elimination. */
function leastSquares(lines: readonly (readonly number[])[]): number[] {
  const size = lines[0]?.length ?? 0;
  const sum = (of: (line: readonly number[]) => number): number => lines.reduce((total, line) => total + of(line), 0);
  const equations = Array.from({ length: size }, (_, row) => [
    ...Array.from({ length: size }, (__, column) => sum((line) => at(line, row) * at(line, column))),
    sum((line) => at(line, row)),
  ]);
  for (let pivot = 0; pivot < size; pivot += 1) {
    const own = equations[pivot] ?? [];
    for (const other of equations.filter((equation) => equation !== own)) {
      const share = at(other, pivot) / at(own, pivot);
      own.forEach((value, column) => {
        other[column] = at(other, column) - value * share;
      });
    }
  }
  return equations.map((equation, row) => at(equation, size) / at(equation, row));
}

function at(line: readonly number[], column: number): number {
  return line[column] ?? 0;
}
