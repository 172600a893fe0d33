import { EXIT } from './exit-codes.js';
import { type GlobalOptions, printMessage } from './output.js';

/**
 * Runs `work` with a signal that Ctrl-C and SIGTERM abort, so that the batch in hand ends whole. A second one ends the
 * process at once; Postgres then rolls back what was not committed.
 */
export async function withInterrupts<T>(options: GlobalOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) {
      process.exit(EXIT.interrupted);
    }
    printMessage(options, 'Interrupted: rolling back the batch in hand. Interrupt again to end at once.');
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
