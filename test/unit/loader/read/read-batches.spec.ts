import { afterEach, describe, expect, it } from '@jest/globals';

import { AnySignal } from '../../../../src/loader/model/any-signal.js';
import { BatchCutter, type Builder } from '../../../../src/loader/read/batch-cutter.js';
import { CommittedBatches } from '../../../../src/loader/read/committed-batches.js';
import { readInto } from '../../../../src/loader/read/read-batches.js';

const RECORDS = 5_000;

const counter: Builder<number> = { add: () => 1, end: () => RECORDS };

async function* oneByOne(records: Iterable<object>): AsyncGenerator<object> {
  yield* records;
}

describe('records that need no wait', () => {
  let immediate: NodeJS.Immediate | undefined;
  afterEach(() => clearImmediate(immediate));

  it.each<[string, (records: object[]) => Iterable<object> | AsyncIterable<object>]>([
    ['a list', (records) => records],
    ['an async generator', oneByOne],
  ])('of %s leave other work its turn within a batch', async (_, sourceOf) => {
    let turns = 0;
    const take = (): void => {
      turns += 1;
      immediate = setImmediate(take);
    };
    take();
    const cutter = new BatchCutter(
      { records: RECORDS, bytes: Infinity },
      { committed: CommittedBatches.none(1) },
      () => counter,
    );
    const records = Array.from({ length: RECORDS }, () => ({}));
    expect(await readInto(cutter, sourceOf(records), new AnySignal([])).next()).toEqual({
      done: false,
      value: RECORDS,
    });
    expect(turns).toBeGreaterThan(RECORDS / 1_000);
  });
});
