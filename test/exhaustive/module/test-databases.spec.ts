import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { createTestDatabase } from '../../../src/testing/index.js';
import { queryValue } from '../../support/processes/embedded-processes.js';

const VARIABLES = ['HARBOR_STORAGE_TEST_SERVER', 'HARBOR_STORAGE_TEST_TEMPLATE'];

describe('createTestDatabase without a server from globalSetup', () => {
  const given = VARIABLES.map((name) => [name, process.env[name]] as const);
  beforeEach(() => VARIABLES.forEach((name) => delete process.env[name]));
  afterEach(() => given.forEach(([name, value]) => (process.env[name] = value)));

  it('creates each database on a separate server, several at the same time', async () => {
    const [first, second] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    expect(VARIABLES.map((name) => process.env[name])).toEqual([undefined, undefined]);
    await first.drop();
    expect(await queryValue(second.url, 'SELECT count(*)::integer FROM submissions')).toBe(0);
    await second.drop();
  });
});
