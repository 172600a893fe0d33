import { describe, expect, it } from '@jest/globals';
import {
  IsIn,
  IsNumber,
  Length,
  Matches,
  MaxLength,
  Min,
  registerDecorator,
  type ValidationArguments,
  ValidateNested,
} from 'class-validator';

import { compileRecordCheck } from '../../../../src/loader/normalize/record-checks.js';

/** A rule of an application, with a message of its own. */
const Own = (defaultMessage: (args: ValidationArguments) => string): PropertyDecorator => {
  return (prototype, property) =>
    registerDecorator({
      name: 'own',
      target: prototype.constructor,
      propertyName: String(property),
      constraints: ['a', 5],
      validator: {
        validate: () => false,
        defaultMessage: (args) => defaultMessage(args as ValidationArguments),
      },
    });
};

class Rec {
  @MaxLength(3) long: string;
  @Matches(/^[A-Z]+$/) upper: string;
  @Min(5, { message: '$property of $target is at least $constraint1' }) least: number;
  @IsIn(['a', 'b']) letter: string;
  @IsNumber({ maxDecimalPlaces: 2 }) exact: number;
  @Length(2, 3) length: string;
  @MaxLength(3, { message: '$value is too long' }) quoting: string;
  @MaxLength(3, { message: ({ value }) => `not ${value}` }) calling: string;
  @MaxLength(3, { message: ({ object }) => `not ${JSON.stringify(object)}` }) whole: string;
  @MaxLength(3, { message: ({ constraints }) => `up to ${constraints[0]}` }) safe: string;
  @Own(({ value }) => `${value}`) own: string;
  @Own(() => {
    throw new Error('secret');
  })
  throwing: string;
}

const SECRET = 'patient 4711';

describe('the message of a broken rule', () => {
  const check = compileRecordCheck(Rec, () => undefined)?.check;

  it.each<[string, unknown, string]>([
    ['long', SECRET, 'long must be shorter than or equal to 3 characters'],
    ['upper', SECRET, 'upper must match /^[A-Z]+$/ regular expression'],
    ['least', 4, 'least of Rec is at least 5'],
    ['letter', SECRET, 'letter must be one of the following values: a, b'],
    ['exact', SECRET, 'exact must be a number conforming to the specified constraints'],
    ['length', SECRET, 'isLength (2; 3)'],
    ['quoting', SECRET, 'maxLength (3)'],
    ['calling', SECRET, 'maxLength (3)'],
    ['whole', SECRET, 'maxLength (3)'],
    ['safe', SECRET, 'up to 3'],
    ['own', SECRET, 'own (a; 5)'],
    ['throwing', SECRET, 'own (a; 5)'],
  ])('says what %s must be, and holds no value', (property, value, message) => {
    const failed = check?.({ [property]: value });
    expect(failed).toMatchObject({ property, message });
    expect(failed?.message).not.toContain(SECRET);
  });

  it('is the name of the rule where only the library can check', () => {
    class Nested {
      @ValidateNested() inner: object;
      @MaxLength(3, { message: '$value' }) text: string;
    }
    expect(compileRecordCheck(Nested, () => undefined)?.check({ text: SECRET })).toEqual({
      property: 'text',
      constraint: 'maxLength',
      message: 'maxLength',
    });
  });
});
