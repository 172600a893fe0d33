import type { LoadProgress } from '../../stats/load-progress.js';
import type { GlobalOptions } from './output.js';

/** Interval of progress lines when stderr is no terminal. */
const LINE_INTERVAL_MS = 5_000;

/** Shows the progress of a load on stderr. */
export interface ProgressDisplay {
  update(progress: LoadProgress): void;
  stop(): void;
}

/**
 * Shows a bar on a terminal that can draw one, a line every few seconds elsewhere, nothing with --quiet.
 * @param sizeBytes - size of the source; undefined if unknown
 * @param bytesRead - bytes read so far
 */
export async function createProgressDisplay(
  options: GlobalOptions,
  sizeBytes: number | undefined,
  bytesRead: () => number,
): Promise<ProgressDisplay> {
  if (options.quiet === true) {
    return { update: () => {}, stop: () => {} };
  }
  const rate = createRate();
  const drawsBars = process.stderr.isTTY && process.env['TERM'] !== 'dumb';
  return drawsBars ? createBar(sizeBytes, bytesRead, rate) : createLines(rate);
}

type Rate = (records: number) => number;

function createRate(): Rate {
  const start = Date.now();
  return (records) => Math.round(records / Math.max(0.001, (Date.now() - start) / 1000));
}

async function createBar(sizeBytes: number | undefined, bytesRead: () => number, rate: Rate): Promise<ProgressDisplay> {
  const { Presets, SingleBar } = await import('cli-progress');
  const known = sizeBytes !== undefined && sizeBytes > 0;
  const format = known
    ? '{bar} {percentage}% | {records} records | {rate}/s | {eta_formatted} left'
    : '{records} records | {rate}/s';
  const bar = new SingleBar(
    { format, stream: process.stderr, hideCursor: true, clearOnComplete: true },
    Presets.shades_classic,
  );
  const stop = (): void => bar.stop();
  // A second interrupt ends the process at once: the cursor must not stay hidden.
  process.once('exit', stop);
  bar.start(known ? sizeBytes : 1, 0, { records: 0, rate: 0 });
  return {
    update: ({ received, receivedEarlier }) =>
      bar.update(known ? bytesRead() : 0, { records: received, rate: rate(received - receivedEarlier) }),
    stop: () => {
      process.off('exit', stop);
      stop();
    },
  };
}

function createLines(rate: Rate): ProgressDisplay {
  let last = Date.now();
  return {
    update({ received, receivedEarlier, loaded, rejected }) {
      if (Date.now() - last >= LINE_INTERVAL_MS) {
        last = Date.now();
        const speed = rate(received - receivedEarlier);
        process.stderr.write(`${received} records read, ${loaded} loaded, ${rejected} rejected, ${speed}/s\n`);
      }
    },
    stop: () => {},
  };
}
