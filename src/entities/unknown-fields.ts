import 'reflect-metadata';

/** Policy for fields without a column: store them in the extra column, drop them, or reject the record. */
export type UnknownFields = 'capture' | 'discard' | 'reject';

const POLICY = Symbol('harbor-storage:unknown-fields');

/**
 * Sets the policy of an entity for fields without a column; overrides the policy of the module.
 * @example
 * @Entity('prices')
 * @OnUnknownFields('discard')
 * class Price {}
 */
export function OnUnknownFields(policy: UnknownFields): ClassDecorator {
  return (entity) => Reflect.defineMetadata(POLICY, policy, entity);
}

/** The policy of the class or a parent; undefined if the module decides. */
export function unknownFieldsOf(entity: object): UnknownFields | undefined {
  return Reflect.getMetadata(POLICY, entity) as UnknownFields | undefined;
}
