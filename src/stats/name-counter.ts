import { createHash } from 'node:crypto';

/** Counts by name. Names are data (`__proto__` too), so the object has no prototype. */
export type CountsByName = Readonly<Record<string, number>>;

/** Names counted apart, for each batch and each load; the rest is summed under {@link OTHERS}. */
const MAX_NAMES = 1_000;

const OTHERS = '(others)';

/** Longest name kept as it is, in UTF-16 units. */
const MAX_NAME_LENGTH = 100;

/** Counts names, for example those of fields without a column. */
export class NameCounter {
  private readonly known = new Map<string, number>();
  private others = 0;

  add(names: Iterable<string>): void {
    for (const name of names) {
      const count = this.known.get(name);
      if (count !== undefined) {
        this.known.set(name, count + 1);
      } else if (this.known.size < MAX_NAMES) {
        this.known.set(name, 1);
      } else {
        this.others += 1;
      }
    }
  }

  counts(): CountsByName {
    const shown = Array.from(this.known, ([name, count]) => [shownName(name), count] as const);
    return countsByName(this.others === 0 ? shown : [...shown, [OTHERS, this.others]]);
  }
}

/** Makes an object without a prototype. */
export function countsByName(counts: Iterable<readonly [name: string, count: number]> = []): CountsByName {
  const object = Object.create(null) as Record<string, number>;
  for (const [name, count] of counts) {
    object[name] = count;
  }
  return object;
}

/** The sum of all counts. */
export function sumOf(counts: CountsByName): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Adds counts name by name. */
export function addByName(a: CountsByName, b: CountsByName): CountsByName {
  const sum = new Map(Object.entries(a));
  for (const [name, count] of Object.entries(b)) {
    const kept = sum.has(name) || sum.size < MAX_NAMES ? name : OTHERS;
    sum.set(kept, (sum.get(kept) ?? 0) + count);
  }
  return countsByName(sum);
}

/** A name that is too long, that jsonb cannot hold, or that equals {@link OTHERS} is shortened and gets a digest. */
function shownName(name: string): string {
  const plain = name.length <= MAX_NAME_LENGTH && name.isWellFormed() && !name.includes('\0') && name !== OTHERS;
  if (plain) {
    return name;
  }
  const beginning = name
    .slice(0, MAX_NAME_LENGTH / 2)
    .toWellFormed()
    .replaceAll('\0', '\u{2400}');
  // UTF-16, because UTF-8 has no bytes for half a surrogate pair.
  const digest = createHash('sha256').update(name, 'utf16le').digest('hex').slice(0, 16);
  return `${beginning}… (sha256 ${digest})`;
}
