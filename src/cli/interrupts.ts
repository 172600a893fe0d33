import type { StorageErrorCode } from '../errors/index.js';
import { EXIT } from './exit-codes.js';
import { type GlobalOptions, printJson, printMessage, printResult } from './output/output.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Handling of Ctrl-C and SIGTERM. */
export interface Interrupts {
  /** Aborted by an interrupt once work has begun. */
  readonly signal: AbortSignal;
  /** Call when work begins. Before that, an interrupt ends the process. */
  begin(): void;
}

/** Ends the process on an interrupt, with a message, unless a command handles interrupts itself. */
export function endWhenInterrupted(options: GlobalOptions): void {
  SIGNALS.forEach((name) =>
    process.on(name, () => {
      if (process.listenerCount(name) === 1) {
        end(options, 'Interrupted');
      }
    }),
  );
}

/**
 * Runs `work` with a signal that Ctrl-C and SIGTERM abort, so that the current batch ends cleanly. A second interrupt
 * ends the process at once; Postgres then rolls back what was not committed.
 */
export async function withInterrupts<T>(
  options: GlobalOptions,
  work: (interrupts: Interrupts) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let hasBegun = false;
  const onSignal = (): void => {
    if (!hasBegun) {
      end(options, 'Interrupted before the work began: nothing was done');
    }
    if (controller.signal.aborted) {
      end(options, 'Interrupted again: uncommitted work is rolled back');
    }
    printMessage(options, 'Interrupted: rolling back the current batch. Interrupt again to end at once.');
    controller.abort();
  };
  SIGNALS.forEach((name) => process.on(name, onSignal));
  try {
    return await work({ signal: controller.signal, begin: () => (hasBegun = true) });
  } finally {
    SIGNALS.forEach((name) => process.off(name, onSignal));
  }
}

function end(options: GlobalOptions, message: string): never {
  printResult(`error: ${message}`, process.stderr);
  if (options.json === true) {
    printJson({ error: { code: 'INTERRUPTED' satisfies StorageErrorCode, message } });
  }
  process.exit(EXIT.interrupted);
}
