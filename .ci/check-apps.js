// Installs the packed tarball into applications as people have them, by each package manager, runs their tests and, on
// each version of Node, the compiled application and the command line on its DataSource.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

import { startTestPostgres } from '../src/testing/index.js';

const NODES = ['20', '22', '24'];
const NPM = ['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline'];
const PNPM = ['npx', '--yes', 'pnpm@10.34.6', 'install', '--prefer-offline'];
const YARN = ['npx', '--yes', 'yarn@1.22.22', 'install', '--no-lockfile', '--non-interactive'];
/** `operated`: what the application with health, console, metrics and traces prints; the others import none of the subpaths. */
const APPS = [
  {
    name: 'nest12-esm',
    install: NPM,
    steps: [['npm', 'test']],
    main: 'dist/main.js',
    operated: '200 up, 200 degraded open_rejects, 403 empty, 200 page, 1 rejected',
  },
  { name: 'nest12-commonjs', install: PNPM, steps: [], main: 'dist/main.js' },
  {
    name: 'nest11-typeorm03',
    install: YARN,
    steps: [['npm', 'test']],
    main: 'dist/main.js',
    // Terminus 11 has no degraded.
    operated: '200 up, 200 up open_rejects, 403 empty, 200 page, 1 rejected',
  },
  { name: 'nest12-bundle', install: NPM, steps: [['npm', 'run', 'bundle']], main: 'bundle/main.cjs' },
];
/** Subpaths of the package, and their peers. */
const SUBPATHS = ['console', 'health', 'metrics', 'opentelemetry', 'testing'];
const OPTIONAL_PEERS = ['@nestjs/terminus', '@opentelemetry/api', 'prom-client'];
const LOAD = ['load', 'prices.csv', '--into', 'prices', '-d', 'dist/data-source.js', '--json'];
const EXPECTED = 'prices: 1 stored, 1 rejected; opportunities: 1 stored';

const root = resolve(import.meta.dirname, '..');
const home = mkdtempSync(join(tmpdir(), 'harbor-storage-apps-'));

function run([command, ...args], cwd, env = {}) {
  try {
    return execFileSync(command, args, { cwd, env: { ...process.env, ...env }, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')} failed in ${cwd}:\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

/** The executable of a version of Node, from the npm package `node`. */
function installNode(version) {
  const directory = join(home, `node-${version}`);
  mkdirSync(directory);
  writeFileSync(join(directory, 'package.json'), '{ "private": true }');
  run([...NPM, `node@${version}`], directory);
  return join(directory, 'node_modules', 'node', 'bin', 'node');
}

function makeApp({ name, install, steps, operated }, tarball, env) {
  const app = join(home, name);
  if (operated !== undefined) {
    cpSync(join(import.meta.dirname, 'apps', 'operated'), join(app, 'src'), { recursive: true });
  }
  for (const part of ['src', 'prices.csv', 'tsconfig.json']) {
    cpSync(join(import.meta.dirname, 'apps', part), join(app, part), { recursive: true });
  }
  cpSync(join(import.meta.dirname, 'apps', name), app, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'));
  manifest.dependencies['harbor-storage'] = `file:${tarball}`;
  writeFileSync(join(app, 'package.json'), JSON.stringify(manifest));
  for (const step of [install, ['npx', 'tsc'], ...steps]) {
    run(step, app, env);
  }
  if (operated === undefined) {
    checkAddsNothing(app);
  }
  return app;
}

/** An application that imports no subpath has none of their peers, and its bundle none of their files. */
function checkAddsNothing(app) {
  const installed = readdirSync(join(app, 'node_modules'), { recursive: true }).map((path) => `/${path}`);
  const peers = OPTIONAL_PEERS.filter((peer) => installed.some((path) => path.endsWith(`/${peer}`)));
  if (peers.length > 0) {
    throw new Error(`${app} imports no subpath of harbor-storage, and has ${peers.join(', ')}`);
  }
  const bundle = join(app, 'bundle', 'main.cjs');
  if (!existsSync(bundle)) {
    return;
  }
  const files = readFileSync(bundle, 'utf8').match(/harbor-storage\/dist\/src\/\w+(?=\/)/g) ?? [];
  const folders = new Set(files.map((path) => basename(path)));
  const subpaths = SUBPATHS.filter((subpath) => folders.has(subpath));
  if (!folders.has('loader') || subpaths.length > 0) {
    throw new Error(`the bundle of ${app} has files of ${subpaths.join(', ') || 'no folder that is known'}`);
  }
}

function expectOutput(output, expected, what) {
  if (output.trim() !== expected) {
    throw new Error(`${what} printed:\n${output}`);
  }
}

const postgres = await startTestPostgres();
try {
  const env = { DATABASE_URL: postgres.url };
  run(['npm', 'pack', '--ignore-scripts', '--pack-destination', home], root);
  const packed = readdirSync(home).find((name) => name.endsWith('.tgz'));
  // A name of its own: yarn keeps what it has once unpacked from a file of this name.
  const tarball = join(home, `${basename(home)}.tgz`);
  renameSync(join(home, packed), tarball);
  const nodes = NODES.map((version) => ({ version, path: installNode(version) }));
  for (const application of APPS) {
    const app = makeApp(application, tarball, env);
    for (const { version, path } of nodes) {
      expectOutput(run([path, application.main], app, env), EXPECTED, `${application.name} on Node ${version}`);
      if (application.operated !== undefined) {
        const output = run([path, 'dist/operated.js'], app, env);
        expectOutput(output, application.operated, `${application.name}, operated, on Node ${version}`);
      }
      const result = run([path, 'node_modules/harbor-storage/dist/src/cli/main.js', ...LOAD], app, env);
      const { inserted, unchanged } = JSON.parse(result);
      if (inserted + unchanged !== 1) {
        throw new Error(`${application.name}: the command line printed on Node ${version}:\n${result}`);
      }
    }
    console.log(`${application.name}: runs on Node ${NODES.join(', ')}`);
  }
} finally {
  await postgres.stop();
  rmSync(home, { recursive: true, force: true });
}
