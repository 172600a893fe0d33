import { createHash } from 'node:crypto';

/** A kind of key: the same values by SQL, for rows that are stored before, and here, for records. */
export interface KeyKind {
  readonly name: string;
  /** SQL type. */
  readonly type: string;
  /** Whether new keys belong all over the index, not at its end. */
  readonly isRandom: boolean;
  /** The key of row `i`, an SQL expression. */
  readonly sql: string;
  /** The key of row `i`, as text. */
  readonly of: (i: number) => string;
}

/** Milliseconds, as in a uuid of version 7. */
const EPOCH_MS = 1_700_000_000_000;

export const bigintKey: KeyKind = {
  name: 'bigint',
  type: 'bigint',
  isRandom: false,
  sql: 'i',
  of: (i) => String(i),
};

const uuid7Key: KeyKind = {
  name: 'uuid v7',
  type: 'uuid',
  isRandom: false,
  sql: `(lpad(to_hex(${EPOCH_MS} + i), 12, '0') || '7' || left(md5(i::text), 3) || '8' || right(md5(i::text), 15))::uuid`,
  of: (i) => {
    const random = md5(i);
    return dashed(`${(EPOCH_MS + i).toString(16).padStart(12, '0')}7${random.slice(0, 3)}8${random.slice(-15)}`);
  },
};

const uuid4Key: KeyKind = {
  name: 'uuid v4',
  type: 'uuid',
  isRandom: true,
  sql: 'md5(i::text)::uuid',
  of: (i) => dashed(md5(i)),
};

const textKey: KeyKind = {
  name: 'text',
  type: 'text',
  isRandom: true,
  sql: `'item-' || md5(i::text)`,
  of: (i) => `item-${md5(i)}`,
};

export const keyKinds: readonly KeyKind[] = [bigintKey, uuid7Key, uuid4Key, textKey];

function md5(i: number): string {
  return createHash('md5').update(String(i)).digest('hex');
}

function dashed(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
