/**
 * A record for the table of an entity, by property names, all of them optional: an absent field keeps what is stored. A
 * field that is no property of the entity is an error of the compiler.
 */
export type LoadRecord<E extends object> = {
  [Property in keyof E as NonNullable<E[Property]> extends (...args: never) => unknown ? never : Property]?:
    | FieldValue<E[Property]>
    | undefined;
};

/**
 * What a record may hold for a property of this type. The type of the column is not known here: a property of type
 * `string` may be a bigint, a numeric or a date, and an object JSON, an embedded class or a reference.
 */
export type FieldValue<T> = unknown extends T
  ? unknown
  : T extends string
    ? string extends T
      ? string | number | bigint | Date
      : T | `${T}`
    : T extends number
      ? number extends T
        ? number | bigint | string
        : T | `${T}`
      : T extends bigint
        ? bigint | number | string
        : T extends boolean
          ? boolean | 'true' | 'false'
          : T extends Date
            ? Date | string
            : T extends Uint8Array
              ? Uint8Array | string
              : T extends readonly (infer Item)[]
                ? readonly FieldValue<Item>[]
                : T extends Promise<infer Related>
                  ? T | FieldValue<Related>
                  : T extends object
                    ? T | ObjectFields<T> | ReferenceKey
                    : T | null;

/** The key of the row that a reference stands for, where it is one column. */
export type ReferenceKey = string | number | bigint;

/** The fields of an object; of one with names of any kind, nothing is known. */
export type ObjectFields<T extends object> = string extends keyof T ? object : LoadRecord<T>;

/** The same fields by property name (`createdUtc`) and by column name (`created_utc`). */
export type InEitherCase<R extends object> = {
  [Field in keyof R as Field | SnakeCase<Field>]?: R[Field] | undefined;
};

/** `createdUtc` as `created_utc`. */
export type SnakeCase<Name> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : Name;
