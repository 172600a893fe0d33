/** Shorter beginnings say too little. */
const LEAST_BEGINNING = 3;

/** The candidate closest to a probably misspelled name, if any is close enough, or the only one that begins with it. */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  // One error in three letters; with more, short names would match anything.
  let least = Math.floor(name.length / 3) + 1;
  for (const candidate of candidates) {
    const count = countSlips(name.toLowerCase(), candidate.toLowerCase());
    if (count < least) {
      least = count;
      nearest = candidate;
    }
  }
  return nearest ?? onlyOneWith(name, candidates);
}

function onlyOneWith(beginning: string, candidates: Iterable<string>): string | undefined {
  if (beginning.length < LEAST_BEGINNING) {
    return undefined;
  }
  const found = new Set([...candidates].filter((candidate) => candidate.startsWith(beginning)));
  return found.size === 1 ? [...found][0] : undefined;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment distance). */
function countSlips(one: string, other: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const exchanged = at(last, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1);
      const isSwap = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const swapped = isSwap ? at(beforeLast, j - 2) + 1 : Infinity;
      row.push(Math.min(at(last, j) + 1, at(row, j - 1) + 1, exchanged, swapped));
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, other.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
