/** Work on an item, and whether it has ended. */
interface Work<R> {
  readonly result: Promise<R>;
  hasEnded: boolean;
}

/**
 * Works on several items at once, and yields the results in the order of the items, each as soon as it and those before it
 * are there. Reads on while its consumer is busy, but not further ahead than `limit` items. An error of the items comes
 * after the results of those before it.
 * @param open - the items, which are read no further once the signal is aborted
 */
export async function* inOrder<T, R>(
  open: (stopped: AbortSignal) => AsyncGenerator<T>,
  work: (item: T) => Promise<R>,
  limit: number,
): AsyncGenerator<R> {
  const stop = new AbortController();
  const queue: Work<R>[] = [];
  let ended = false;
  let wakeReader: (() => void) | undefined;
  let wakeConsumer: (() => void) | undefined;
  const read = async (): Promise<void> => {
    for await (const item of open(stop.signal)) {
      const begun: Work<R> = { result: work(item), hasEnded: false };
      const end = (): void => {
        begun.hasEnded = true;
        wakeConsumer?.();
      };
      begun.result.then(end, end);
      queue.push(begun);
      while (queue.length >= limit && !stop.signal.aborted) {
        await new Promise<void>((resolve) => (wakeReader = resolve));
      }
      if (stop.signal.aborted) {
        return;
      }
    }
  };
  const reading = read().finally(() => {
    ended = true;
    wakeConsumer?.();
  });
  // The consumer may have left.
  reading.catch(() => {});
  try {
    for (;;) {
      const [first] = queue;
      if (first?.hasEnded === true) {
        yield await first.result;
        queue.shift();
        wakeReader?.();
      } else if (first === undefined && ended) {
        return await reading;
      } else {
        await new Promise<void>((resolve) => (wakeConsumer = resolve));
      }
    }
  } finally {
    stop.abort();
    wakeReader?.();
  }
}
