import config from './jest.config.js';

/** @type {import('jest').Config} Suites over many cases, which only CI runs each time; `npm run test:exhaustive`. */
const exhaustive = {
  ...config,
  testMatch: ['<rootDir>/test/exhaustive/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 180_000,
};

export default exhaustive;
