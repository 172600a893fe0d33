import { type ColumnShape, jsonTypeOf, type ValueKind } from '../alter/column-types.js';
import { commonForm } from '../alter/date-time-forms.js';

/** Why the values of a field rule out a column. */
export interface TypeRejection {
  readonly reason: 'mixed_types' | 'only_null';
  readonly message: string;
}

/** The narrowest type that reproduces all these values exactly. JSON null fits every type. */
export function chooseType(kinds: ReadonlyMap<ValueKind, number>): ColumnShape | TypeRejection {
  const found = new Set([...kinds.keys()].filter((kind) => kind !== 'null'));
  const types = new Set([...found].map(jsonTypeOf));
  const isWithin = (...allowed: readonly ValueKind[]): boolean => [...found].every((kind) => allowed.includes(kind));
  if (found.size === 0) {
    return { reason: 'only_null', message: 'all values are null, so the type is unknown' };
  }
  if (isWithin('object', 'array')) {
    return { type: 'jsonb' };
  }
  if (types.size > 1) {
    return { reason: 'mixed_types', message: `mixed types: ${[...types].sort().join(', ')}` };
  }
  if (found.has('boolean')) {
    return { type: 'boolean' };
  }
  if (types.has('number')) {
    return { type: chooseNumber(isWithin) };
  }
  const forms = new Set([...found].map((kind) => /^moment (.*)$/.exec(kind)?.[1]));
  const form = forms.has(undefined) ? undefined : commonForm(forms as ReadonlySet<string>);
  if (form !== undefined) {
    return { type: 'timestamptz', form };
  }
  return { type: isWithin('uuid') ? 'uuid' : 'text' };
}

function chooseNumber(isWithin: (...kinds: readonly ValueKind[]) => boolean): ColumnShape['type'] {
  if (isWithin('small integer', 'integer')) {
    return 'bigint';
  }
  return isWithin('small integer', 'double') ? 'double precision' : 'numeric';
}

const HOLDS: Readonly<Partial<Record<ColumnShape['type'], readonly string[]>>> = {
  bigint: ['small integer', 'integer'],
  'double precision': ['small integer', 'double'],
  numeric: ['small integer', 'integer', 'double', 'number'],
  jsonb: ['object', 'array'],
};

/** Whether a column of a type can hold some of these values. */
export function holdsSome(type: ColumnShape['type'], kinds: ReadonlyMap<ValueKind, number>): boolean {
  return [...kinds.keys()].some((kind) => {
    if (type === 'text') {
      return jsonTypeOf(kind) === 'string';
    }
    return type === 'timestamptz' ? kind.startsWith('moment') : (HOLDS[type] ?? [type]).includes(kind);
  });
}
