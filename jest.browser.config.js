import config from './jest.config.js';

/** @type {import('jest').Config} The console in Chromium; `npm run test:browser`. */
const browser = {
  ...config,
  testMatch: ['<rootDir>/test/browser/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/test/support/global-setup-browser.js',
  testTimeout: 60_000,
};

export default browser;
