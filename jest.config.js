import { availableParallelism } from 'node:os';

/** @type {import('jest').Config} */
const config = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    ...['faults', 'exhaustive', 'browser', 'citus'].map((suite) => `<rootDir>/test/${suite}/`),
  ],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // class-validator loads its tables of all countries' phone numbers in every suite; no test checks such a number.
    '^libphonenumber-js/max$': '<rootDir>/test/support/no-phone-numbers.cjs',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        module: { type: 'es6' },
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          keepClassNames: true,
        },
      },
    ],
  },
  setupFiles: ['reflect-metadata'],
  globalSetup: '<rootDir>/test/support/global-setup.js',
  globalTeardown: '<rootDir>/test/support/global-teardown.js',
  testTimeout: 30_000,
  // A suite waits for Postgres, for a clock or for a process for some part of its time: one more than there are cores
  // keeps them busy. No more than 8, for the sake of the server's connections.
  maxWorkers: Math.min(availableParallelism() + 1, 8),
};

export default config;
