import { describe, expect, it } from '@jest/globals';

import { addTallies, emptyTally, type LoadTally, summarizeRejects } from '../../../../src/loader/model/load-tally.js';

const positionsFrom = (first: number) => Array.from({ length: 30 }, (_, n) => first + n);
const rejectedAt = (positions: readonly number[]) =>
  positions.map((position) => ({
    position,
    source: {},
    key: undefined,
    rejection: { rule: 'wrong_type' as const, column: 'title', message: 'it is no text' },
  }));
const batchAt = (first: number): LoadTally => ({
  ...emptyTally(1),
  rejects: summarizeRejects(rejectedAt(positionsFrom(first).toReversed())),
});

describe('the rejected records a load names', () => {
  it('are the first of a batch, in whichever order they were found', () => {
    expect(batchAt(100).rejects.map(({ position }) => position)).toEqual(positionsFrom(100).slice(0, 20));
    expect(batchAt(0).rejects[0]).toEqual({
      position: 0,
      reason: 'wrong_type',
      column: 'title',
      message: 'it is no text',
    });
  });

  it('are the first of the load, in whichever order its batches ended', () => {
    const { rejects } = [200, 20, 0, 100].map(batchAt).reduce(addTallies, emptyTally(1));
    expect(rejects.map(({ position }) => position)).toEqual(positionsFrom(0).slice(0, 20));
  });
});
