import { setMaxListeners } from 'node:events';

/**
 * Several signals as one, for as long as a load takes. `AbortSignal.any` would leave a trace of every load with its
 * sources, and the shutdown of an application lives as long as the process does; one that is listened to, it keeps
 * with all that listens.
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
   * @returns what ends that
   */
  onAbort(listener: () => void): () => void {
    // Many loads may share a signal, and Node would warn of a leak.
    setMaxListeners(Infinity, ...this.signals);
    this.signals.forEach((signal) => signal.addEventListener('abort', listener));
    return () => this.signals.forEach((signal) => signal.removeEventListener('abort', listener));
  }
}
