import config from './jest.config.js';

// It kills processes at moments that only fit a machine which is not full: the number of workers is left to jest.
const { maxWorkers: _, ...shared } = config;

/** @type {import('jest').Config} The fault suite: slow, and it stops servers; `npm run test:faults`. */
const faults = {
  ...shared,
  testMatch: ['<rootDir>/test/faults/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 180_000,
};

export default faults;
