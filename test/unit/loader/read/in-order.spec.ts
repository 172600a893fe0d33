import { describe, expect, it } from '@jest/globals';

import { inOrder } from '../../../../src/loader/read/in-order.js';

/** Work that ends when the test says so. */
function controlled() {
  const begun: number[] = [];
  const ends = new Map<number, { resolve(): void; reject(error: Error): void }>();
  const work = (item: number): Promise<number> => {
    begun.push(item);
    return new Promise((resolve, reject) => ends.set(item, { resolve: () => resolve(item), reject }));
  };
  return {
    begun,
    work,
    end: (item: number) => ends.get(item)?.resolve(),
    fail: (item: number) => ends.get(item)?.reject(new Error(`of ${item}`)),
  };
}

async function* numbers(count: number, error?: Error): AsyncGenerator<number> {
  for (let item = 0; item < count; item += 1) {
    yield item;
  }
  if (error !== undefined) {
    throw error;
  }
}

/** Everything that can happen without the test has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('inOrder', () => {
  it('yields results in the order of the items, in whatever order they end, and begins no more than the limit', async () => {
    const { begun, work, end } = controlled();
    const results = inOrder(() => numbers(5), work, 3);
    const first = results.next();
    await settled();
    expect(begun).toEqual([0, 1, 2]);
    end(2);
    end(1);
    await settled();
    end(0);
    expect(await first).toEqual({ done: false, value: 0 });
    // The consumer is busy with the first.
    await settled();
    expect(begun).toEqual([0, 1, 2]);
    expect(await results.next()).toEqual({ done: false, value: 1 });
    await settled();
    expect(begun).toEqual([0, 1, 2, 3]);
    [3, 4].forEach((item) => void settled().then(() => end(item)));
    const rest: number[] = [];
    for await (const item of results) {
      rest.push(item);
      await settled();
      end(4);
    }
    expect(rest).toEqual([2, 3, 4]);
  });

  it('yields a result though the next item does not come', async () => {
    const endless = async function* (): AsyncGenerator<number> {
      yield 0;
      await new Promise(() => {});
    };
    const results = inOrder(endless, async (item) => item, 3);
    expect(await results.next()).toEqual({ done: false, value: 0 });
  });

  it('throws an error of the items after the results of those before it', async () => {
    const results = inOrder(
      () => numbers(2, new Error('broken')),
      async (item) => item,
      4,
    );
    expect(await results.next()).toEqual({ done: false, value: 0 });
    expect(await results.next()).toEqual({ done: false, value: 1 });
    await expect(results.next()).rejects.toThrow('broken');
  });

  it('throws an error of the work in its place, and reads no further', async () => {
    const { begun, work, end, fail } = controlled();
    let stopped: AbortSignal | undefined;
    const open = (signal: AbortSignal): AsyncGenerator<number> => {
      stopped = signal;
      return numbers(9);
    };
    const results = inOrder(open, work, 2);
    const first = results.next();
    await settled();
    fail(1);
    end(0);
    expect(await first).toEqual({ done: false, value: 0 });
    await expect(results.next()).rejects.toThrow('of 1');
    expect(stopped?.aborted).toBe(true);
    await settled();
    expect(begun).toEqual([0, 1, 2]);
  });

  it('stops the reading when its consumer leaves', async () => {
    let stopped: AbortSignal | undefined;
    const open = (signal: AbortSignal): AsyncGenerator<number> => {
      stopped = signal;
      return numbers(9);
    };
    for await (const item of inOrder(open, async (each) => each, 2)) {
      expect(item).toBe(0);
      break;
    }
    expect(stopped?.aborted).toBe(true);
  });
});
