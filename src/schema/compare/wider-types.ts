/** Types that take every value of the type, exactly. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  smallint: ['integer', 'bigint', 'numeric'],
  integer: ['bigint', 'numeric'],
  bigint: ['numeric'],
  'character varying': ['text'],
};

/**
 * Whether a column of a type stores every value of another type as that type would.
 * @param type - with its modifier: `numeric(10,2)`
 * @param narrower - the other type
 */
export function isAsWide(type: string, narrower: string): boolean {
  if (type === narrower) {
    return true;
  }
  const [name, length, scale] = partsOf(type);
  const [narrowName, narrowLength, narrowScale] = partsOf(narrower);
  if (name !== narrowName) {
    return length === Infinity && WIDER[narrowName]?.includes(name) === true;
  }
  switch (name) {
    case 'character varying':
      return length >= narrowLength;
    case 'numeric':
      return scale >= narrowScale && (length === Infinity || length - scale >= narrowLength - narrowScale);
    default:
      return false;
  }
}

/** Name, length and scale of a type; without limits they are infinite. */
function partsOf(type: string): readonly [name: string, length: number, scale: number] {
  const [, name = type, length, scale = '0'] = /^(.*?)\((\d+)(?:,(-?\d+))?\)$/.exec(type) ?? [];
  return length === undefined ? [name, Infinity, Infinity] : [name, Number(length), Number(scale)];
}
