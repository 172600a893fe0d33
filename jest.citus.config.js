import config from './jest.config.js';

/** @type {import('jest').Config} Distributed tables, on a Citus cluster; `npm run test:citus`. */
const citus = {
  ...config,
  testMatch: ['<rootDir>/test/citus/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/test/support/global-setup-citus.js',
  testTimeout: 120_000,
};

export default citus;
