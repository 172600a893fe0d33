import { createHash } from 'node:crypto';

/** Counts by name. Names are data (`__proto__` too), so it has no prototype. */
export type Counts = Readonly<Record<string, number>>;

/** Names that are kept apart, in a batch and in a load; the others are summed. */
const MAX_NAMES = 1_000;

/** What the others are summed under. */
const OTHERS = '(others)';

/** UTF-16 units a name is shown with; of a longer one, the beginning and a digest. */
const MAX_NAME_LENGTH = 100;

/** Counts the fields of a batch that no column knows. */
export class FieldCounts {
  private counts = new Map<string, number>();
  private others = 0;

  add(fields: Iterable<string>): void {
    for (const field of fields) {
      const count = this.counts.get(field);
      if (count !== undefined) {
        this.counts.set(field, count + 1);
      } else if (this.counts.size < MAX_NAMES) {
        this.counts.set(field, 1);
      } else {
        this.others += 1;
      }
    }
  }

  /** What was counted; then it begins anew. */
  take(): Counts {
    const shown = Array.from(this.counts, ([field, count]) => [shownName(field), count] as const);
    const taken = countsOf(this.others === 0 ? shown : [...shown, [OTHERS, this.others]]);
    [this.counts, this.others] = [new Map(), 0];
    return taken;
  }
}

/** Counts as an object of their own. */
export function countsOf(counts: Iterable<readonly [name: string, count: number]>): Counts {
  const object = Object.create(null) as Record<string, number>;
  for (const [name, count] of counts) {
    object[name] = count;
  }
  return object;
}

/**
 * The sum of two counts.
 * @param b - undefined in the accounts of a version that did not count them
 */
export function addByName(a: Counts, b: Counts | undefined): Counts {
  const sum = new Map(Object.entries(a));
  for (const [name, count] of Object.entries(b ?? {})) {
    const kept = sum.has(name) || sum.size < MAX_NAMES ? name : OTHERS;
    sum.set(kept, (sum.get(kept) ?? 0) + count);
  }
  return countsOf(sum);
}

/**
 * A field's name as accounts keep it. What is too long for them, what jsonb cannot hold and what could be taken for the
 * sum of the others is told apart by a digest.
 */
function shownName(field: string): string {
  const plain = field.length <= MAX_NAME_LENGTH && field.isWellFormed() && !field.includes('\0') && field !== OTHERS;
  if (plain) {
    return field;
  }
  const beginning = field
    .slice(0, MAX_NAME_LENGTH / 2)
    .toWellFormed()
    .replaceAll('\0', '\u{2400}');
  // UTF-16, because UTF-8 has no bytes for half a surrogate pair.
  const digest = createHash('sha256').update(field, 'utf16le').digest('hex').slice(0, 16);
  return `${beginning}… (sha256 ${digest})`;
}
