import { setMaxListeners } from 'node:events';

/**
 * Several signals as one, for the time of a load. `AbortSignal.any` would leak: its sources keep each combined signal
 * that has listeners, and the shutdown signal of the application lives as long as the process.
 */
export class AnySignal {
  constructor(private readonly signals: readonly AbortSignal[]) {}

  get aborted(): boolean {
    return this.signals.some(({ aborted }) => aborted);
  }

  /** This one, or `other`. */
  or(other: AbortSignal): AnySignal {
    return new AnySignal([...this.signals, other]);
  }

  /**
   * Calls `listener` at each abort from now on.
   * @returns a function that removes the listener
   */
  onAbort(listener: () => void): () => void {
    // Many loads may share a signal, and Node would warn of a leak.
    setMaxListeners(Infinity, ...this.signals);
    this.signals.forEach((signal) => signal.addEventListener('abort', listener));
    return () => this.signals.forEach((signal) => signal.removeEventListener('abort', listener));
  }
}
