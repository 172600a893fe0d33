import { RequestMethod } from '@nestjs/common';

import { consoleControllers } from '../../../src/console/console-controllers.js';

/** A route below the path of a console. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** With an id for each parameter. */
  readonly path: string;
}

const ID = '00000000-0000-4000-8000-000000000000';

/** Every route of the console, read from its controllers. */
export function routesOfConsole(): Route[] {
  return consoleControllers({ guards: 'none' }).flatMap(({ prototype }: { prototype: object }) =>
    methodsOf(prototype).flatMap((handler) => {
      const paths = Reflect.getMetadata('path', handler) as string | string[] | undefined;
      const method = Reflect.getMetadata('method', handler) === RequestMethod.POST ? 'POST' : 'GET';
      return [paths ?? []]
        .flat()
        .map((path): Route => ({ method, path: `/${path.replaceAll(/:\w+/g, ID)}`.replace(/^\/+/, '/') }));
    }),
  );
}

/** Those of base classes too. */
function methodsOf(prototype: object | null): object[] {
  if (prototype === null || prototype === Object.prototype) {
    return [];
  }
  const names = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
  const own = names.map((name) => Reflect.get(prototype, name) as unknown);
  const methods = own.filter(
    (value): value is object => typeof value === 'function' && Reflect.hasMetadata('path', value),
  );
  return [...methods, ...methodsOf(Object.getPrototypeOf(prototype) as object | null)];
}
