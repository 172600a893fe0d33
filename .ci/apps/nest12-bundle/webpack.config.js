import { join } from 'node:path';

import webpack from 'webpack';

// Nest and pg import these only where an application has them.
const OPTIONAL = /^(@nestjs\/(microservices|platform-express|websockets)|class-transformer|pg-native)/;

export default {
  mode: 'production',
  target: 'node',
  entry: './dist/main.js',
  optimization: { minimize: false },
  output: { path: join(import.meta.dirname, 'bundle'), filename: 'main.cjs' },
  plugins: [new webpack.IgnorePlugin({ resourceRegExp: OPTIONAL })],
};
