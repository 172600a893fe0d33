import { getMetadataStorage, validateSync, ValidationTypes, type ValidatorConstraintInterface } from 'class-validator';

import { InvalidLoadError } from '../../errors/index.js';
import type { RecordClass } from '../../records/record-decorators.js';
import type { FailedCheck, RecordCheck } from '../model/load-plan.js';
import { ruleMessage, type RuleMetadata } from './rule-message.js';

interface Rule {
  readonly property: string;
  readonly constraint: string;
  readonly message: string;
  /** Without arguments, which could demand more than the type. */
  readonly plain: boolean;
  holds(value: unknown, object: object): boolean;
}

/**
 * Compiles the decorators of a record class into plain calls, once. validateSync looks its metadata up for every
 * object and costs as much as the rest of a load, so it serves only the rules this cannot express (nested objects).
 * @param guaranteed - the rule that the conversion to a property's column implies
 * @returns the check, and the properties it reads; undefined when nothing is left to check
 * @throws InvalidLoadError when a rule is asynchronous: a load cannot wait for each record
 */
export function compileRecordCheck(
  recordClass: RecordClass,
  guaranteed: (property: string) => string | undefined,
): { readonly check: RecordCheck; readonly properties: readonly string[] } | undefined {
  const storage = getMetadataStorage();
  const metadatas = storage.getTargetValidationMetadatas(recordClass, '', false, false);
  const rules: Rule[] = [];
  const conditions = new Map<string, ((object: object, value: unknown) => boolean)[]>();
  for (const metadata of metadatas) {
    const property = metadata.propertyName;
    if (metadata.type === ValidationTypes.CONDITIONAL_VALIDATION) {
      const condition = metadata.constraints[0] as (object: object, value: unknown) => boolean;
      conditions.set(property, [...(conditions.get(property) ?? []), condition]);
    } else if (metadata.type === ValidationTypes.CUSTOM_VALIDATION && !metadata.each) {
      for (const target of storage.getTargetValidatorConstraints(metadata.constraintCls)) {
        if (target.async) {
          throw new InvalidLoadError(
            `${recordClass.name}.${property}: asynchronous validators cannot be used in a load`,
          );
        }
        rules.push(compileRule(target.instance, target.name, metadata));
      }
    } else if (metadata.type !== ValidationTypes.WHITELIST) {
      const properties = new Set(metadatas.map(({ propertyName }) => propertyName));
      return { check: (values) => checkByLibrary(recordClass, values), properties: [...properties] };
    }
  }
  // A rule rejects null and @IsOptional() accepts it, so only together do they add nothing to the conversion.
  const open = rules.filter(
    ({ property, constraint, plain }) => !(plain && conditions.has(property) && constraint === guaranteed(property)),
  );
  if (open.length === 0) {
    return undefined;
  }
  // A condition may look at any property of the record.
  const properties =
    conditions.size === 0 ? open.map(({ property }) => property) : metadatas.map((m) => m.propertyName);
  return { check: (values) => firstFailure(open, conditions, values), properties: [...new Set(properties)] };
}

function compileRule(
  validator: ValidatorConstraintInterface,
  name: string,
  metadata: RuleMetadata & { constraints: unknown[]; name?: string },
): Rule {
  const constraint = metadata.name ?? name;
  return {
    property: metadata.propertyName,
    constraint,
    message: ruleMessage(constraint, validator, metadata),
    plain: (metadata.constraints ?? []).every((argument) => Object.keys(argument ?? {}).length === 0),
    holds: (value, object) =>
      validator.validate(value, {
        value,
        object,
        property: metadata.propertyName,
        constraints: metadata.constraints,
        targetName: typeof metadata.target === 'string' ? metadata.target : metadata.target.name,
      }) === true,
  };
}

function firstFailure(
  rules: readonly Rule[],
  conditions: ReadonlyMap<string, readonly ((object: object, value: unknown) => boolean)[]>,
  values: Readonly<Record<string, unknown>>,
): FailedCheck | undefined {
  return rules.find(({ property, holds }) => {
    const value = values[property];
    if (value === undefined) {
      return false;
    }
    const applies = conditions.get(property)?.every((condition) => condition(values, value)) ?? true;
    return applies && !holds(value, values);
  });
}

function checkByLibrary(recordClass: RecordClass, values: Readonly<Record<string, unknown>>): FailedCheck | undefined {
  const object = Object.assign(Object.create(recordClass.prototype as object) as object, values);
  const [error] = validateSync(object, {
    forbidUnknownValues: false,
    skipUndefinedProperties: true,
    stopAtFirstError: true,
  });
  const constraint = Object.keys(error?.constraints ?? {})[0];
  // Its messages may hold values.
  return error && { property: error.property, constraint: constraint ?? 'nested', message: constraint ?? 'nested' };
}
