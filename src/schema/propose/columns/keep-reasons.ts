/** All reasons why a captured field stays in the extra column, with their description in the documentation. */
export const KEEP_REASONS = {
  empty_name: 'The field has an empty name.',
  mixed_types: 'The field holds values of several JSON types.',
  name_collision: 'The column or property would have the name of another one.',
  name_too_long: 'The name is longer than 63 bytes.',
  only_null: 'The field is null in every row, so its type is unknown.',
  other_column_type: 'The table has a column of this name, and its type cannot hold the values exactly.',
  rare: 'The field occurs less often than `--min-count` or `--min-share` asks for.',
  read_only_column: 'The table has a column of this name, and the database computes it.',
  reserved_name: 'The name is reserved.',
  unusable_name: 'The name has characters that a column or a property cannot have.',
} as const satisfies Readonly<Record<string, string>>;

/** Why a captured field stays in the extra column. */
export type KeepReason = keyof typeof KEEP_REASONS;
