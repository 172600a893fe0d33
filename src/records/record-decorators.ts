import 'reflect-metadata';

/** A class whose instances come in as records or go out as rows. */
export type RecordClass<T extends object = object> = new () => T;

/** How a record class wants one of its properties read. */
export interface FieldRule {
  /** Other names of the field; the first that is present (neither absent nor null) wins. */
  readonly aliases?: readonly string[];
  /** Fields that stand in for this one when it is not given: they fill an empty column and never replace a value. */
  readonly fillsFrom?: readonly string[];
  /** A number in a date-time field is seconds since 1970, as in Reddit's API. */
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

/** Other names under which the field may come in; the first present one wins. */
export const Aliases = (...aliases: readonly string[]): PropertyDecorator => rule({ aliases });
/** Fields that stand in for this one: they fill an empty column and never replace a stored or given value. */
export const FillsFrom = (...fillsFrom: readonly string[]): PropertyDecorator => rule({ fillsFrom });
/** Reads a number in this date-time field as seconds since 1970. */
export const EpochSeconds = (): PropertyDecorator => rule({ epochSeconds: true });
/** Skips records without this field; they are counted as `missing_<column>`. */
export const SkipWhenAbsent = (): PropertyDecorator => rule({ skipWhenAbsent: true });

/** Property name → rule, of a record class and its parents. */
export function fieldRules(recordClass: object): ReadonlyMap<string, FieldRule> {
  return (Reflect.getMetadata(RULES, recordClass) as ReadonlyMap<string, FieldRule> | undefined) ?? new Map();
}

/** Binds an entity to the class that describes what comes in; without it the entity class itself does. */
export function LoadsFrom(recordClass: () => RecordClass): ClassDecorator {
  return (entity) => Reflect.defineMetadata(RECORD, recordClass, entity);
}

/** The record class of an entity: the one `@LoadsFrom` names, else the entity itself. */
export function recordClassOf(entity: RecordClass): RecordClass {
  const recordClass = Reflect.getMetadata(RECORD, entity) as (() => RecordClass) | undefined;
  return recordClass?.() ?? entity;
}
