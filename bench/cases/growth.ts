import type { Bench, CaseReport, ReportTable } from '../bench.js';
import { type Dimension, measureDimensions } from '../growth/dimensions.js';
import { LOAD_KINDS, type LoadKind, type Point, type Sample } from '../growth/measure.js';
import { type Model, modelsOf } from '../growth/model.js';
import { watchServerCpu } from '../process/server-cpu.js';
import { quantile, showFigure, showSpread, spreadOf } from '../report/figures.js';
import { withConnection } from '../tables/connection.js';

/** What a load costs as one thing grows and the others stay. */
export async function runGrowth(bench: Bench): Promise<CaseReport> {
  const { url, signal, rounds, rows, onProgress } = bench;
  const dimensions: Dimension[] = [];
  await withConnection(url, async (client) => {
    const meter = { url, signal, rounds, client, serverCpu: await watchServerCpu(client), onProgress };
    for await (const dimension of measureDimensions(meter, rows)) {
      dimensions.push(dimension);
    }
  });
  const models = modelsOf(dimensions.flatMap(({ points }) => points));
  return {
    title: 'what grows with what',
    head: [],
    rows: [],
    more: [...dimensions.map(tableOf), modelTable(models)],
    notes: NOTES,
    faults: [],
    goals: [],
    figures: { dimensions, models },
  };
}

const NOTES = [
  'new: records whose keys are not stored. again: the same records once more. changed: another payload for as many stored ' +
    'rows, spread over the table.',
  'Each load begins after a checkpoint: the first change of a page writes the whole page to the WAL. 20,000 records a ' +
    'loader, of batches 100,000; fewer where --rows is smaller. Peak RSS: of its process, which does the lines above, too. Table and index: bytes a stored row, before the loads.',
  'Model: a row costs row + kB × its kilobytes + index × indexes + page × pages + batch ÷ records in a batch.',
  'Indexes: of a new row, those in which it belongs anywhere (on scattered numbers; that of a key uuid v4 or text); of a ' +
    'changed row, those besides the key.',
  'Pages: P × (1 - e^(-rows ÷ P)) ÷ rows of each of these indexes of P pages, when so many rows fall anywhere: those ' +
    'that are changed for the first time. Of a changed row, also those of the table and of the index of the key.',
  'Least squares of the relative errors, over the points with one loader and a plain table. Error: |predicted ÷ measured - 1|.',
];

const HEAD = ['load', 'rows/s', 'µs a row', '÷ first', 'CPU: loader', 'server', 'peak RSS', 'WAL', 'table', 'index'];

function tableOf({ name, title, points }: Dimension): ReportTable {
  const [first] = points;
  return {
    title: `${title}; µs and bytes a row`,
    head: [name, ...HEAD],
    rows: LOAD_KINDS.flatMap((kind) => points.map((point) => lineOf(kind, point, first))),
  };
}

function lineOf(kind: LoadKind, point: Point, first: Point | undefined): unknown[] {
  const { value, size, table } = point;
  const samples = point.samples[kind];
  const median = (figure: (sample: Sample) => number): number => quantile(samples.map(figure), 0.5);
  const time = spreadOf(samples.map(({ microseconds }) => microseconds));
  const firsts = first?.samples[kind].map(({ microseconds }) => microseconds) ?? [];
  return [
    value,
    kind,
    Math.round(1_000_000 / time.median),
    showSpread(time),
    point === first ? '' : showFigure(time.median / quantile(firsts, 0.5)),
    showFigure(median(({ loaderCpu }) => loaderCpu)),
    samples.some(({ serverCpu }) => serverCpu === undefined)
      ? 'not measured'
      : showFigure(median(({ serverCpu }) => serverCpu ?? NaN)),
    `${showFigure(Math.max(...samples.map(({ peakMegabytes }) => peakMegabytes)))} MB`,
    showFigure(median(({ walBytes }) => walBytes)),
    showFigure(size.table / table.stored),
    showFigure(size.indexes / table.stored),
  ];
}

const FIGURES: Readonly<Record<Model['figure'], string>> = {
  microseconds: 'µs',
  loaderCpu: 'CPU: loader, µs',
  serverCpu: 'CPU: server, µs',
  walBytes: 'WAL, bytes',
};

function modelTable(models: readonly Model[]): ReportTable {
  return {
    title: 'the model, of a row',
    head: ['load', '', 'row', 'kB', 'index', 'page', 'batch', 'error: median', 'largest'],
    rows: models.map(({ kind, figure, costs: { row, kilobyte, index, page, batch }, error }) => [
      kind,
      FIGURES[figure],
      ...[row, kilobyte, index, page, batch].map(showFigure),
      ...[error.median, error.largest].map((share) => `${Math.round(share * 100)} %`),
    ]),
  };
}
