/** Identity columns some rows carry and others do not, settled for one part of the rows. */
export interface IdentityPart<C> {
  readonly carried: readonly C[];
  readonly absent: readonly C[];
}

/**
 * The parts that rows must be inserted in, a statement each: no expression in a SELECT gives the next value of an
 * identity, so a statement carries an identity column for all of its rows or for none.
 * @param identities - identity columns that some rows carry
 * @param carriedSets - which of them rows carry, in the order to insert the parts
 */
export function identityParts<C>(identities: readonly C[], carriedSets: readonly (readonly C[])[]): IdentityPart<C>[] {
  return carriedSets.map((carried) => ({
    carried,
    absent: identities.filter((column) => !carried.includes(column)),
  }));
}

/** Every set of these columns, the full one first. */
export function subsetsOf<C>([first, ...rest]: readonly C[]): C[][] {
  if (first === undefined) {
    return [[]];
  }
  const smaller = subsetsOf(rest);
  return [...smaller.map((subset) => [first, ...subset]), ...smaller];
}
