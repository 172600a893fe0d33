import 'reflect-metadata';

/** What happens to fields no column knows: kept in the extra column, dropped, or a reason to reject the record. */
export type UnknownFields = 'capture' | 'discard' | 'reject';

const POLICY = Symbol('harbor-storage:unknown-fields');

/**
 * What an entity does with fields no column knows, in the place of what the module says.
 * @example
 * @Entity('prices')
 * @OnUnknownFields('discard')
 * class Price {}
 */
export function OnUnknownFields(policy: UnknownFields): ClassDecorator {
  return (entity) => Reflect.defineMetadata(POLICY, policy, entity);
}

/** What the class itself, or a parent of it, says; undefined where it is left to the module. */
export function unknownFieldsOf(entity: object): UnknownFields | undefined {
  return Reflect.getMetadata(POLICY, entity) as UnknownFields | undefined;
}
