import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';

import { type Check, findMistakes } from '../errors/find-mistakes.js';
import { StorageError } from '../errors/index.js';

/** Who may enter the console: guards of the application, or `'none'` for everybody who can reach it. */
export type ConsoleGuards = readonly (Type<CanActivate> | CanActivate)[] | 'none';

/** Where the console is, and who may enter it. */
export interface StorageConsoleMount {
  /** Path of its pages, after a global prefix. @default 'storage' */
  readonly path?: string | undefined;
  /**
   * Nest guards, as classes or instances, that every request to the console must pass, in this order. `'none'`: it is open to
   * everybody who can reach it, and a warning is logged at start.
   */
  readonly guards: ConsoleGuards;
  /** Modules that export what the guard classes inject. @default none */
  readonly imports?: ModuleMetadata['imports'];
  /** Name of the StorageModule it shows. @default 'default' */
  readonly storage?: string | undefined;
}

/** What the console shows and permits. */
export interface StorageConsoleSettings {
  /** Answers replay and purge with status 405. @default false */
  readonly readOnly?: boolean | undefined;
  /**
   * Whether the user of a request may see the content of rejected records of a table.
   * @param request - of Express or Fastify, as the guards have left it
   * @param table - its name without a schema, `hybrid`, or the name of a combined load, whose records may hold rows of any of
   * its tables
   * @default nobody may
   */
  readonly canSee?: ((request: object, table: string) => boolean | Promise<boolean>) | undefined;
  /** A short text on every page, for example `production`. @default none */
  readonly environment?: string | undefined;
}

/** Options of `StorageConsoleModule.forRoot`. */
export interface StorageConsoleOptions extends StorageConsoleMount, StorageConsoleSettings {}

/** Options of `StorageConsoleModule.forRootAsync`. Options that decide on routes and guards stand outside `useFactory`. */
export interface StorageConsoleAsyncOptions extends StorageConsoleMount {
  readonly inject?: readonly (string | symbol | Type<object>)[] | undefined;
  // oxlint-disable-next-line typescript/no-explicit-any -- Nest passes whatever `inject` names
  readonly useFactory: (...injected: any[]) => StorageConsoleSettings | Promise<StorageConsoleSettings>;
}

/** Validated settings. */
export type ConsoleSettings = Readonly<Pick<StorageConsoleSettings, 'environment'>> &
  Required<Omit<StorageConsoleSettings, 'environment'>>;

export const DEFAULT_PATH = 'storage';

/** Letters, digits, `_`, `-`, `.` and `~`, in segments. */
const PATH = /^\/?(?!\.\.?(?:\/|$))[\w.~-]+(?:\/(?!\.\.?(?:\/|$))[\w.~-]+)*\/?$/;
const LONGEST_ENVIRONMENT = 40;

const TEXT: Check = ['a text', (value) => typeof value === 'string' && value !== ''];

const CHECKS: Readonly<Record<keyof StorageConsoleOptions, Check>> = {
  path: [
    'segments of letters, digits, _, -, . and ~, separated by slashes',
    (value) => typeof value === 'string' && PATH.test(value),
  ],
  guards: [
    "a list of at least one Nest guard (a class or an instance with canActivate), or 'none'",
    (value) => value === 'none' || (Array.isArray(value) && value.length > 0 && value.every(isGuard)),
  ],
  imports: ['a list of modules', Array.isArray],
  storage: TEXT,
  readOnly: ['true or false', (value) => typeof value === 'boolean'],
  canSee: ['a function', (value) => typeof value === 'function'],
  environment: [
    `a text of at most ${LONGEST_ENVIRONMENT} characters`,
    (value) => typeof value === 'string' && value.length <= LONGEST_ENVIRONMENT,
  ],
};

/**
 * Validates the options and applies the defaults.
 * @param mount - the options outside of `useFactory`
 * @throws StorageError `INVALID_OPTIONS` naming all mistakes
 */
export function resolveConsoleOptions(mount: StorageConsoleMount, settings: StorageConsoleSettings): ConsoleSettings {
  const mistakes = findMistakes({ ...settings, ...mount }, CHECKS, 'not an option');
  if ((mount?.guards as unknown) === undefined) {
    mistakes.unshift("guards is missing: pass Nest guards, or 'none' for a console that everybody may enter");
  }
  if (mistakes.length > 0) {
    throw new StorageError('INVALID_OPTIONS', `Invalid options of StorageConsoleModule: ${mistakes.join('; ')}`);
  }
  const { readOnly = false, canSee = () => false, environment } = settings;
  return { readOnly, canSee, environment: environment === '' ? undefined : environment };
}

function isGuard(value: unknown): boolean {
  const guard: unknown = typeof value === 'function' ? value.prototype : value;
  return typeof guard === 'object' && guard !== null && 'canActivate' in guard;
}
