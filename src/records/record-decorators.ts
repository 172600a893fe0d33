import 'reflect-metadata';

/** A class of records or rows. */
export type RecordClass<T extends object = object> = new () => T;

/** How a property of a record class is read. */
export interface FieldRule {
  /** Other names of the field; the first present one (neither absent nor null) wins. */
  readonly aliases?: readonly string[];
  /** Fallback fields: they fill an empty column and never replace a value. */
  readonly fillsFrom?: readonly string[];
  /** Numbers in a date-time field are seconds since 1970, as in Reddit's API. */
  readonly epochSeconds?: boolean;
  /** A record without the field (absent, null, or blank unless it is the key) is skipped, not rejected. */
  readonly skipWhenAbsent?: boolean;
}

const RULES = Symbol('harbor-storage:field-rules');
const RECORD = Symbol('harbor-storage:record-class');

function rule(part: FieldRule): PropertyDecorator {
  return (prototype, property) => {
    const rules = fieldRules(prototype.constructor);
    const merged = { ...rules.get(String(property)), ...part };
    Reflect.defineMetadata(RULES, new Map([...rules, [String(property), merged]]), prototype.constructor);
  };
}

/** Declares other names of the field; the first present one wins. */
export const Aliases = (...aliases: readonly string[]): PropertyDecorator => rule({ aliases });
/** Declares fallback fields: they fill an empty column and never replace a stored or given value. */
export const FillsFrom = (...fillsFrom: readonly string[]): PropertyDecorator => rule({ fillsFrom });
/** Reads numbers in this date-time field as seconds since 1970. */
export const EpochSeconds = (): PropertyDecorator => rule({ epochSeconds: true });
/** Skips records without this field, counted as `missing_<column>`. */
export const SkipWhenAbsent = (): PropertyDecorator => rule({ skipWhenAbsent: true });

/** Property name → rule, of a record class and its parents. */
export function fieldRules(recordClass: object): ReadonlyMap<string, FieldRule> {
  return (Reflect.getMetadata(RULES, recordClass) as ReadonlyMap<string, FieldRule> | undefined) ?? new Map();
}

/** Sets the record class of an entity; without it, the entity class describes the records. */
export function LoadsFrom(recordClass: () => RecordClass): ClassDecorator {
  return (entity) => Reflect.defineMetadata(RECORD, recordClass, entity);
}

/** The record class of an entity: set by `@LoadsFrom`, else the entity itself. */
export function recordClassOf(entity: RecordClass): RecordClass {
  const recordClass = Reflect.getMetadata(RECORD, entity) as (() => RecordClass) | undefined;
  return recordClass?.() ?? entity;
}
