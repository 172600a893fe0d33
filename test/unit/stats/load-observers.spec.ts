import { describe, expect, it } from '@jest/globals';

import { LoadObservation, LoadObserver } from '../../../src/stats/observe/load-observer.js';
import { LoadObservers } from '../../../src/stats/observe/load-observers.js';
import { emptyTotals } from '../../../src/stats/load-totals.js';

const PLACES = ['load', 'runLoad', 'runBatch', 'runStatement'] as const;
const TIMES = ['before', 'after'] as const;
const STATEMENT = { operation: 'COPY', table: 'orders' } as const;
const BATCH = { table: 'orders', batchNo: 0, attempt: 1 };

/** As by a span processor or a registry that throws. */
class Faulty extends LoadObserver {
  constructor(
    readonly place: (typeof PLACES)[number],
    readonly time: (typeof TIMES)[number],
  ) {
    super();
  }

  override load(): LoadObservation {
    if (this.place === 'load') {
      throw new Error('of the observer');
    }
    const around = <T>(place: string, work: () => Promise<T>): Promise<T> => this.around(place, work);
    return new (class extends LoadObservation {
      override runLoad<T>(work: () => Promise<T>): Promise<T> {
        return around('runLoad', work);
      }

      override runBatch<T>(_: unknown, work: () => Promise<T>): Promise<T> {
        return around('runBatch', work);
      }
    })();
  }

  override runStatement<T>(_: unknown, work: () => Promise<T>): Promise<T> {
    return this.around('runStatement', work);
  }

  private around<T>(place: string, work: () => Promise<T>): Promise<T> {
    const fail = (): never => {
      throw new Error('of the observer');
    };
    return place !== this.place ? work() : this.time === 'before' ? fail() : work().finally(fail);
  }
}

describe.each(PLACES.flatMap((place) => TIMES.map((time) => [place, time] as const)))(
  'an observer that throws in %s, %s the work',
  (place, time) => {
    const run = async (work: () => Promise<void>): Promise<void> => {
      const observers = new LoadObservers();
      observers.add(new Faulty(place, time));
      const load = observers.load(false);
      const batch = async () => {
        await observers.statement(STATEMENT, work);
        return emptyTotals(1);
      };
      await load?.run(() => load.batch(BATCH, batch, () => false));
    };

    it('does not fail a load, nor run it twice', async () => {
      let runs = 0;
      await run(async () => void runs++);
      expect(runs).toBe(1);
    });

    it('does not hide the error of a load', async () => {
      await expect(run(() => Promise.reject(new Error('of the load')))).rejects.toThrow('of the load');
    });
  },
);
