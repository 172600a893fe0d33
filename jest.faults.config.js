import config from './jest.config.js';

/** @type {import('jest').Config} The fault suite: slow, and it stops servers; `npm run test:faults`. */
const faults = {
  ...config,
  testMatch: ['<rootDir>/test/faults/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 180_000,
};

export default faults;
