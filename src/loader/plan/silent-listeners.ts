import type { EntityMetadata } from 'typeorm';

import { dataSourceOf } from '../../postgres/typeorm-adapter.js';

const LISTENED = new Set<string>(['before-insert', 'after-insert', 'before-update', 'after-update']);
const METHODS = ['beforeInsert', 'afterInsert', 'beforeUpdate', 'afterUpdate'] as const;

/** Names of the listeners and subscribers that TypeORM's own save would run for the entity, and a load does not. */
export function silentListeners(metadata: EntityMetadata): string[] {
  const own = metadata.listeners
    .filter(({ type }) => LISTENED.has(type))
    .map(({ type, propertyName }) => `@${decoratorOf(type)} ${propertyName}`);
  const subscribed = dataSourceOf(metadata)
    .subscribers.filter((subscriber) => listensTo(subscriber.listenTo?.(), metadata.target))
    .flatMap((subscriber) =>
      METHODS.filter((method) => subscriber[method] !== undefined).map(
        (method) => `${subscriber.constructor.name}.${method}`,
      ),
    );
  return [...own, ...subscribed];
}

/** `before-insert` → `BeforeInsert` */
function decoratorOf(type: string): string {
  return type.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** As TypeORM decides it. */
function listensTo(listened: Function | string | undefined, target: Function | string): boolean {
  const isParent =
    typeof listened === 'function' &&
    typeof target === 'function' &&
    Object.prototype.isPrototypeOf.call(listened, target);
  return !listened || listened === Object || listened === target || isParent;
}
