/** Types whose names are always quoted: `"char"`, `"bit"`, and their arrays. */
const QUOTED = '18, 1560, 1002, 1561';
/** From this oid on, types are the database's own or an extension's. */
const FIRST_OWN_OID = 16384;

/** SQL of a type's name as format_type writes it, and the same for types of Postgres under quote_all_identifiers. */
export function typeName(type: string, modifier: string): string {
  const name = `format_type(${type}, ${modifier})`;
  return `CASE WHEN ${type} >= ${FIRST_OWN_OID} OR ${type} IN (${QUOTED}) THEN ${name}
              ELSE replace(${name}, '"', '') END`;
}
