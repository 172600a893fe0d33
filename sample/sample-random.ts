/** Random choices that are the same for the same seed on every machine. */
export class SampleRandom {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** The next number of mulberry32, in [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** 0 to 100, with one decimal. */
  score(): number {
    return this.integer(0, 1000) / 10;
  }

  /** A score near another. */
  near(score: number): number {
    return Math.min(1000, Math.max(0, Math.round(score * 10) + this.integer(-120, 120))) / 10;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.integer(0, items.length - 1)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  /** This many different items (or all), in their original order. */
  some<T>(items: readonly T[], count: number): T[] {
    const chosen = new Set(this.shuffled(items).slice(0, count));
    return items.filter((item) => chosen.has(item));
  }

  shuffled<T>(items: readonly T[]): T[] {
    // One random key per item keeps the comparison consistent; a random comparison would not be.
    return items
      .map((item) => ({ item, key: this.next() }))
      .sort((a, b) => a.key - b.key)
      .map(({ item }) => item);
  }
}
