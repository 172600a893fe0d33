import { performance } from 'node:perf_hooks';

import { quantile, type Spread, spreadOf } from '../report/figures.js';
import type { Traffic } from '../network/proxy.js';
import type { Kind, Store } from './stores.js';

/** How many records a call, how many calls a round, and by how many callers. */
export interface Setting {
  readonly records: number;
  readonly callers: number;
  readonly calls: number;
}

/** A round of one way to store. */
interface Round {
  readonly latencies: readonly number[];
  readonly milliseconds: number;
  readonly traffic: Traffic;
}

/** All rounds of one way to store. */
export interface Played {
  readonly name: string;
  readonly rounds: readonly Round[];
}

export interface PlayOptions {
  readonly rounds: number;
  readonly traffic: () => Traffic;
  readonly signal: AbortSignal;
}

/** Ways to store in turn, round by round, after a warm-up; every record is new. */
export async function play(
  kind: Kind,
  setting: Setting,
  stores: readonly Store[],
  from: () => number,
  options: PlayOptions,
): Promise<Played[]> {
  const played = stores.map((store) => ({ name: store.name, store, rounds: new Array<Round>() }));
  for (let round = 0; round <= options.rounds; round += 1) {
    for (const { store, rounds } of played) {
      options.signal.throwIfAborted();
      const result = await playRound(kind, setting, store, from, options.traffic);
      // The first round is a warm-up.
      if (round > 0) {
        rounds.push(result);
      }
    }
  }
  return played;
}

async function playRound(
  kind: Kind,
  { records, callers, calls }: Setting,
  store: Store,
  from: () => number,
  traffic: () => Traffic,
): Promise<Round> {
  const prepared = Array.from({ length: calls }, () => store.prepare(kind.records(records, from())));
  const latencies: number[] = [];
  const queue = prepared.values();
  const before = traffic();
  const start = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (const call of queue) {
        const begin = performance.now();
        await call();
        latencies.push(performance.now() - begin);
      }
    }),
  );
  const milliseconds = performance.now() - start;
  const after = traffic();
  return {
    latencies,
    milliseconds,
    traffic: {
      sent: after.sent - before.sent,
      received: after.received - before.received,
      waits: after.waits - before.waits,
    },
  };
}

/** A quantile over all calls. */
export function latency({ rounds }: Played, share: number): number {
  return quantile(
    rounds.flatMap(({ latencies }) => latencies),
    share,
  );
}

/** Calls a second, the median of the rounds. */
export function rate({ rounds }: Played): number {
  return spreadOf(rounds.map(({ latencies, milliseconds }) => (latencies.length * 1000) / milliseconds)).median;
}

/** The median latency of each round. */
export function medians({ rounds }: Played): number[] {
  return rounds.map(({ latencies }) => quantile(latencies, 0.5));
}

/** Ratio of the median latencies, by round. */
export function latencyRatio(one: Played, other: Played): Spread {
  const others = medians(other);
  return spreadOf(medians(one).map((median, round) => median / (others[round] ?? NaN)));
}

/** Ratio of the times of all calls, by round. */
export function timeRatio(one: Played, other: Played): Spread {
  return spreadOf(
    one.rounds.map(({ milliseconds }, round) => milliseconds / (other.rounds[round]?.milliseconds ?? NaN)),
  );
}

/** A figure of the traffic for each call, by round. */
export function aCall({ rounds }: Played, figure: (traffic: Traffic) => number): Spread {
  return spreadOf(rounds.map(({ traffic, latencies }) => figure(traffic) / latencies.length));
}
