const swc = {
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
  module: { type: 'commonjs' },
};

module.exports = {
  rootDir: 'src',
  testTimeout: 60_000,
  transform: { '\\.[jt]s$': ['@swc/jest', swc] },
  // Both are ES modules, which jest cannot require before Node 24.9.
  transformIgnorePatterns: ['/node_modules/(?!(harbor-storage|uuid)/)'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
};
