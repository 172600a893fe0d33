import { describe, expect, it } from '@jest/globals';

import { resolveConsoleOptions, type StorageConsoleOptions } from '../../../src/console/console-options.js';
import { StorageError } from '../../../src/errors/index.js';

const guard = { canActivate: () => true };

describe('the options of the console', () => {
  it('have defaults that permit little', () => {
    const { readOnly, canSee, environment } = resolveConsoleOptions({ guards: [guard] }, {});
    expect([readOnly, canSee({}, 'submissions'), environment]).toEqual([false, false, undefined]);
  });

  it.each([
    [{}, 'guards is missing'],
    [{ guards: [] }, 'guards must be'],
    [{ guards: [class {}] }, 'guards must be'],
    [{ guards: 'all' }, 'guards must be'],
    [{ guards: [guard], path: '../admin' }, 'path must be'],
    [{ guards: [guard], path: '' }, 'path must be'],
    [{ guards: [guard], path: ':id' }, 'path must be'],
    [{ guards: [guard], readonly: true }, 'did you mean readOnly?'],
    [
      { guards: [guard], canSee: true, environment: 'x'.repeat(41) },
      'canSee must be a function (found boolean); environment must be',
    ],
  ])('%j: %s', (options, message) => {
    const resolve = (): unknown => resolveConsoleOptions(options as StorageConsoleOptions, {});
    expect(resolve).toThrow(StorageError);
    expect(resolve).toThrow(message);
  });
});
