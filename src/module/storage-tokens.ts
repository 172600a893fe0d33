import { Inject, type Type } from '@nestjs/common';

/** The name of a StorageModule that was given none. */
export const DEFAULT_STORAGE = 'default';

/** The provider of a service in a StorageModule of a name; the class itself in the one without. */
export function getStorageToken<T>(service: Type<T>, name: string = DEFAULT_STORAGE): Type<T> | string {
  return name === DEFAULT_STORAGE ? service : `harbor-storage:${name}:${service.name}`;
}

/** The provider of the loader of an entity. */
export function getLoaderToken(entity: Type<object>, name: string = DEFAULT_STORAGE): string {
  return `harbor-storage:${name}:EntityLoader:${entity.name}`;
}

/** The name, in @nestjs/typeorm's sense, of the DataSource a StorageModule works on, whoever owns it. */
export function getStorageDataSourceName(name: string = DEFAULT_STORAGE): string {
  return name === DEFAULT_STORAGE ? 'harbor-storage' : `harbor-storage:${name}`;
}

/** Injects a service of a named StorageModule: `@InjectStorage(OpportunityRepository, 'archive')`. */
export const InjectStorage = (service: Type<object>, name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(getStorageToken(service, name));

/** Injects the loader of an entity that was given to `StorageModule.forFeature`. */
export const InjectLoader = (entity: Type<object>, name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(getLoaderToken(entity, name));
