import type { ColumnRole } from '../../entities/column-roles.js';
import { quoteIdentifier } from '../../postgres/identifiers.js';
import { type ColumnMetadata, type Transformer, transformTo } from '../../postgres/typeorm-adapter.js';
import type { FieldRule } from '../../records/record-decorators.js';
import { fieldNamesOf, propertyOf } from '../../schema/table/entity-column.js';
import type { LiveColumn } from '../../schema/table/live-table.js';
import type { ValueType } from '../../schema/table/value-type.js';
import { type Converter, converterFor, isJson, takesAnyText } from '../values/convert-value.js';
import { markDate } from '../values/date-time-text.js';
import type { JsonForm, PlanColumn } from '../model/load-plan.js';
import { RejectedValue } from '../values/rejected-value.js';
import { enumArray, simpleArray, simpleJson } from '../values/simple-text.js';
import { hasEmptyText } from '../values/text-value.js';

/**
 * Types whose `=` sees every difference worth storing. It does not for others: a box equals every box of its area, an
 * interval of a day one of 24 hours, numeric 1.0 equals 1.00, and json has none.
 */
const EXACT_TYPES: ReadonlySet<string> = new Set([
  'text',
  'character varying',
  'smallint',
  'integer',
  'bigint',
  'uuid',
  'boolean',
  'date',
  'real',
  'double precision',
  'jsonb',
  'bytea',
  'timestamp with time zone',
  'timestamp without time zone',
  'time without time zone',
]);

/** Types whose text, as the converters write it, never needs an escape of COPY. */
const PLAIN_TYPES: ReadonlySet<string> = new Set([
  'boolean',
  'smallint',
  'integer',
  'bigint',
  'real',
  'double precision',
  'numeric',
  'uuid',
  'date',
  'timestamp with time zone',
  'timestamp without time zone',
]);

const KEEPS_MICROSECONDS = /^timestamp(?:\([456]\))? with/;

/** Builds the plan of a column. */
export function planColumn(
  index: number,
  column: ColumnMetadata,
  live: LiveColumn,
  rule: FieldRule,
  roles: ReadonlySet<ColumnRole | 'version'>,
): PlanColumn {
  const marksDates = !column.isPrimary && KEEPS_MICROSECONDS.test(live.fullType);
  const exact = converterFor(live.valueType, { epochSeconds: rule.epochSeconds, utc: column.utc });
  const marked = marksDates ? withDateMark(exact) : exact;
  const convert = withTransformer(column.transformer, withSimpleType(column, marked));
  const aliases = bothForms(rule.aliases);
  return {
    index,
    name: column.databaseName,
    quoted: quoteIdentifier(column.databaseName),
    property: propertyOf(column),
    type: live.type,
    fullType: live.fullType,
    declaredType: live.declaredType,
    convert,
    jsonForm: convert === exact ? jsonFormOf(live.valueType) : 'exact',
    hasTransformer: column.transformer !== undefined,
    takesText: convert === exact && takesAnyText(live.valueType),
    takesJson: convert === exact && isJson(live.valueType),
    mayNeedEscape: !PLAIN_TYPES.has(live.type),
    takesEmptyText: live.isEnum ? column.enum?.includes('') === true : hasEmptyText(live.valueType),
    notNull: live.notNull,
    hasDefault: live.hasDefault,
    defaultExpression: live.defaultExpression,
    preserved: roles.has('preserved'),
    skipWhenAbsent: rule.skipWhenAbsent === true,
    names: [...fieldNamesOf(column), ...aliases],
    aliases,
    fillsFrom: bothForms(rule.fillsFrom),
    compareAsText: live.looseEquality || !(EXACT_TYPES.has(live.type) || live.isEnum),
    marksDates,
    capturedAs: roles.has('capturedBefore') ? [...new Set(fieldNamesOf(column))] : [],
    updatable: column.isUpdate && !live.readOnly,
    madeOnce: column.isCreateDate || column.isGenerated || isMadeByDatabase(column, live),
    alwaysGenerated: live.readOnly,
  };
}

function jsonFormOf(type: ValueType): JsonForm {
  return (type.kind === 'base' && JSON_FORMS[type.name]) || 'exact';
}

const JSON_FORMS: Readonly<Record<string, JsonForm>> = {
  'double precision': 'nearest',
  numeric: 'digits',
  jsonb: 'text',
};

/** An identity, or a key such as `DEFAULT gen_random_uuid()`. */
function isMadeByDatabase(column: ColumnMetadata, { hasDefault, defaultExpression }: LiveColumn): boolean {
  return hasDefault && (defaultExpression === undefined || column.isPrimary);
}

function withDateMark(convert: Converter): Converter {
  return (value, textual) => (value instanceof Date ? markDate(convert(value, textual)) : convert(value, textual));
}

/** TypeORM's own forms of a list, of JSON in a text column and of an array of an enum. */
function withSimpleType({ type, isArray }: ColumnMetadata, convert: Converter): Converter {
  switch (type) {
    case 'simple-json':
      return simpleJson(convert);
    case 'simple-array':
      return simpleArray(convert);
    case 'enum':
    case 'simple-enum':
      return isArray ? enumArray(convert) : convert;
    default:
      return convert;
  }
}

function withTransformer(transformer: Transformer | undefined, convert: Converter): PlanColumn['convert'] {
  if (transformer === undefined) {
    return convert;
  }
  return (value, textual) => {
    const transformed = transform(transformer, value);
    return transformed === null || transformed === undefined ? null : convert(transformed, textual);
  };
}

/** An error of a transformer may quote the value, so it is not passed on. */
function transform(transformer: Transformer, value: unknown): unknown {
  try {
    return transformTo(transformer, value);
  } catch {
    throw new RejectedValue('transformer_failed', "the column's transformer threw");
  }
}

/** `function_list` and `functionList`: a fallback field has either form of its name. */
export function bothForms(names: readonly string[] = []): string[] {
  return names.flatMap((name) => [name, name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())]);
}
