/** Identity columns some rows carry and others do not, settled for one part of the rows. */
export interface IdentityPart<C> {
  readonly carried: readonly C[];
  readonly absent: readonly C[];
}

/**
 * The parts that rows must be inserted in, a statement each: no expression in a SELECT gives the next value of an
 * identity, so a statement carries an identity column for all of its rows or for none.
 * @param columns - identity columns that rows may carry; without any there is one part
 */
export function identityParts<C>(columns: readonly C[]): IdentityPart<C>[] {
  let parts: IdentityPart<C>[] = [{ carried: [], absent: [] }];
  for (const column of columns) {
    parts = parts.flatMap(({ carried, absent }) => [
      { carried: [...carried, column], absent },
      { carried, absent: [...absent, column] },
    ]);
  }
  return parts;
}
