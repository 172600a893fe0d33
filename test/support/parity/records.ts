/** Fields of a record, by column name: the form in which the pipeline hands them over. */
export type Fields = Readonly<Record<string, unknown>>;

/** `t3_0000`, `t3_0001`, …: keys that sort as they count. */
export function keyOf(index: number): string {
  return `t3_${String(index).padStart(4, '0')}`;
}

/** An opportunity, complete enough not to be skipped. */
export function opportunity(id: string, fields: Fields = {}): Fields {
  return { submission_id: id, problem_description: `problem of ${id}`, ...fields };
}

/** A Reddit post. */
export function submission(id: string, fields: Fields = {}): Fields {
  return { submission_id: id, title: `title of ${id}`, ...fields };
}

/** As many records as asked for, each made from its own key. */
export function many(count: number, make: (id: string) => Fields, first = 0): Fields[] {
  return Array.from({ length: count }, (_, index) => make(keyOf(first + index)));
}
