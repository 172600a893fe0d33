import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';

/** A rule of class-validator on a property. */
export interface RuleMetadata {
  readonly propertyName: string;
  readonly constraints: readonly unknown[] | undefined;
  readonly target: string | Function;
  readonly message: string | ((args: ValidationArguments) => string);
}

const MAX_CHARACTERS = 300;

/**
 * What a rule says when it is broken: the message of its decorator, or of the rule, in class-validator's way. A message
 * that is made of the value cannot be passed on, so then the rule's name and arguments say it.
 */
export function ruleMessage(name: string, validator: ValidatorConstraintInterface, metadata: RuleMetadata): string {
  const text = ownMessage(validator, metadata) ?? `${name}${shownArguments(metadata)}`;
  return text.slice(0, MAX_CHARACTERS);
}

/** The rule's message without any value; undefined if there is none. */
function ownMessage(validator: ValidatorConstraintInterface, metadata: RuleMetadata): string | undefined {
  const constraints = metadata.constraints ?? [];
  const targetName = typeof metadata.target === 'string' ? metadata.target : metadata.target.name;
  let asksForValue = false;
  const askedFor = (): never => {
    asksForValue = true;
    throw new TypeError('a message has no value');
  };
  const args: ValidationArguments = {
    get value(): never {
      return askedFor();
    },
    get object(): never {
      return askedFor();
    },
    constraints: [...constraints],
    property: metadata.propertyName,
    targetName,
  };
  let text: unknown;
  try {
    const { message } = metadata;
    text = typeof message === 'function' ? message(args) : message || validator.defaultMessage?.(args);
  } catch {
    // Whatever the message is made of, it is not here.
    return undefined;
  }
  if (asksForValue || typeof text !== 'string' || text === '' || text.includes('$value')) {
    return undefined;
  }
  return constraints
    .reduce<string>(
      (shown, constraint, index) => shown.replaceAll(`$constraint${index + 1}`, () => shownArgument(constraint) ?? '…'),
      text,
    )
    .replaceAll('$property', () => metadata.propertyName)
    .replaceAll('$target', () => targetName);
}

function shownArguments({ constraints }: RuleMetadata): string {
  const shown = (constraints ?? []).map(shownArgument).filter((text) => text !== undefined);
  return shown.length === 0 ? '' : ` (${shown.join('; ')})`;
}

function shownArgument(constraint: unknown): string | undefined {
  if (Array.isArray(constraint)) {
    return constraint.map((item) => shownArgument(item) ?? '…').join(', ');
  }
  if (constraint instanceof Date) {
    return Number.isNaN(constraint.getTime()) ? undefined : constraint.toISOString();
  }
  const isShown = ['string', 'number', 'bigint', 'boolean'].includes(typeof constraint) || constraint instanceof RegExp;
  return isShown ? String(constraint) : undefined;
}
