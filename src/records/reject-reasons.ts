/**
 * All rules that reject records, with their description in the documentation. A rule is the reason kept in quarantine. If
 * Postgres rejects a record, the reason is its SQLSTATE; if a validator does, it is `validation:<rule>`.
 */
export const REJECT_REASONS = {
  blank_key: 'A column of the key is empty or holds only white space.',
  circular_value: 'The value for a JSON column contains itself.',
  conflicting_keys: 'The record names one column twice, with different values.',
  empty_record: 'The record carries no value at all.',
  field_too_large: 'A field is larger than 64 MiB.',
  inexact_date_time: 'The column keeps fewer digits of a second and would round the value.',
  inexact_decimal: 'The column keeps fewer digits after the point and would round the value.',
  inexact_integer: 'The integer is beyond 2^53 as a JavaScript number, or the column type has no exact value for it.',
  inexact_value: 'Postgres or TypeORM would round, cut, pad or split the value, such as money or an interval.',
  invalid_csv: 'A quote in the csv record is not closed, or does not enclose a whole cell.',
  invalid_date_time: 'The value is not a valid date, time or date-time in ISO form.',
  invalid_encoding: 'The bytes of the record are not valid in the encoding of the file.',
  invalid_json: 'The bytes of the record, or the text for a JSON column, are not valid JSON.',
  invalid_utf8: 'The bytes of the record are not valid UTF-8.',
  key_too_long: 'A column of the key is longer than 2,600 bytes.',
  line_too_long: 'The record of a file is longer than 256 MiB. Only its first bytes are kept.',
  lone_surrogate: 'The text holds half of a surrogate pair, which Postgres would replace.',
  missing_key: 'A column of the key is absent or null.',
  missing_reference: 'The object of a relation lacks the property that the foreign key refers to.',
  nesting_too_deep: 'The value is nested deeper than 256 levels.',
  not_an_integer: 'An integer column got a fraction or an exponent.',
  not_an_object: 'The record is not an object, for example an array, a number or null.',
  not_finite: 'The value is NaN or Infinity.',
  nul_character: 'The text holds a NUL character, which Postgres cannot store.',
  null_not_allowed: 'The record gives null for a NOT NULL column.',
  out_of_range: 'The number or date is outside the range of the column.',
  rename_conflict: 'The record carries a field under its old and its new name, with different values.',
  repeated_key: 'Two rows that a combined load makes of the record have the same key in one table.',
  split_failed: 'The `split` of a combined load threw an error, or returned something else than the parts.',
  too_long: 'The text has more characters than the column holds.',
  transformer_failed: 'The TypeORM transformer of the column threw an error.',
  unknown_field: 'No column takes the field, and the policy is `reject`, or the field lies in an embedded object.',
  unreadable_value: 'Reading the record threw an error, for example in a getter or in toJSON.',
  unsupported_value: 'The value is a function, a symbol, a Map, a Set or another object without a JSON form.',
  wrong_field_count: 'The csv record has more or fewer cells than the header.',
  wrong_type: 'The type of the value does not fit the column.',
  zoned_date_time: 'The value has a time zone, and the column would drop it.',
  zoneless_date_time: 'The value has no time zone, and the column needs one.',
} as const satisfies Readonly<Record<string, string>>;

/** A rule of this package: one of {@link REJECT_REASONS}, or a rule of class-validator. */
export type RejectRule = keyof typeof REJECT_REASONS | `validation:${string}`;

declare const SQLSTATE: unique symbol;

/** SQLSTATE of a record rejected by Postgres. Branded, so that no other text can be used as a reason. */
export type Sqlstate = string & { readonly [SQLSTATE]: true };

/** Why a record was rejected. */
export type RejectReason = RejectRule | Sqlstate;

/** Brands the code of a database error as a reason. */
export function sqlstateReason(code: string): Sqlstate {
  return code as Sqlstate;
}
