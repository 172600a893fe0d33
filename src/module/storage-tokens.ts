import { Inject, type Type } from '@nestjs/common';

/** Name of a StorageModule without a name of its own. */
export const DEFAULT_STORAGE = 'default';

/** Injection token of a service in a named StorageModule; for the default module, the class itself. */
export function getStorageToken<T>(service: Type<T>, name: string = DEFAULT_STORAGE): Type<T> | string {
  return name === DEFAULT_STORAGE ? service : `harbor-storage:${name}:${service.name}`;
}

/** Injection token of the loader of an entity. */
export function getLoaderToken(entity: Type<object>, name: string = DEFAULT_STORAGE): string {
  return `harbor-storage:${name}:EntityLoader:${entity.name}`;
}

/** Name, for @nestjs/typeorm, of the DataSource used by a StorageModule, whoever owns it. */
export function getStorageDataSourceName(name: string = DEFAULT_STORAGE): string {
  return name === DEFAULT_STORAGE ? 'harbor-storage' : `harbor-storage:${name}`;
}

/** Injects a service of a named StorageModule: `@InjectStorage(OpportunityRepository, 'archive')`. */
export const InjectStorage = (service: Type<object>, name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(getStorageToken(service, name));

/** Injects the loader of an entity registered by `StorageModule.forFeature`. */
export const InjectLoader = (entity: Type<object>, name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(getLoaderToken(entity, name));
