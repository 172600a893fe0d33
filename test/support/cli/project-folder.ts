import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';

import { type Options, transformFile } from '@swc/core';

const run = promisify(execFile);
const ROOT = resolve('.');

/** As tsconfig.json has it. */
const COMPILER: Options = {
  swcrc: false,
  module: { type: 'es6' },
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    keepClassNames: true,
  },
};

/** A project in a temporary folder, on a database. */
export interface ProjectFolder {
  readonly path: string;
  write(file: string, content: string): Promise<void>;
  /** Runs a program of Node; resolves to what it printed on stdout, rejects when it fails. */
  node(...args: string[]): Promise<string>;
  /** Compiles its sources into `dist`, as tsc does but for the check of the types, which takes seconds. */
  compile(): Promise<void>;
  remove(): Promise<void>;
}

async function createFolder(url: string, rootDir: string, sources: readonly string[]): Promise<ProjectFolder> {
  const path = await mkdtemp(join(tmpdir(), 'harbor-storage-project-'));
  const env = { ...process.env, DATABASE_URL: url, NODE_OPTIONS: '' };
  return {
    path,
    async write(file, content) {
      await mkdir(dirname(join(path, file)), { recursive: true });
      await writeFile(join(path, file), content);
    },
    async node(...args) {
      try {
        return (await run(process.execPath, args, { cwd: path, env, maxBuffer: 64 * 1024 * 1024 })).stdout;
      } catch (error) {
        const { stdout, stderr } = error as { stdout?: string; stderr?: string };
        throw new Error(`node ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: error });
      }
    },
    async compile() {
      for (const source of sources) {
        const from = join(path, source);
        const files = source.endsWith('.ts') ? [''] : await readdir(from, { recursive: true });
        for (const file of files.map((name) => join(from, name)).filter((name) => name.endsWith('.ts'))) {
          const { code } = await transformFile(file, COMPILER);
          const to = join(path, 'dist', relative(join(path, rootDir), file)).replace(/\.ts$/, '.js');
          await mkdir(dirname(to), { recursive: true });
          await writeFile(to, code);
        }
      }
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/**
 * The project of somebody who has installed this package, as built.
 * @param packages - others that it has installed
 */
export async function createUserProject(url: string, packages: readonly string[] = []): Promise<ProjectFolder> {
  const project = await createFolder(url, 'src', ['src']);
  await project.write('package.json', JSON.stringify({ private: true, type: 'module' }));
  await project.write(
    'tsconfig.json',
    JSON.stringify({
      compilerOptions: {
        target: 'es2023',
        module: 'nodenext',
        rootDir: 'src',
        outDir: 'dist',
        strict: true,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        skipLibCheck: true,
        types: ['node'],
      },
      include: ['src'],
    }),
  );
  await mkdir(join(project.path, 'node_modules', '@types'), { recursive: true });
  await symlink(ROOT, join(project.path, 'node_modules', 'harbor-storage'));
  const usual = ['typeorm', 'pg', 'reflect-metadata', 'typescript', '@types/node', '@types/pg'];
  for (const name of [...usual, ...packages]) {
    await symlink(resolve('node_modules', name), join(project.path, 'node_modules', name));
  }
  return project;
}

/** A copy of this repository, to change its sources. */
export async function createRepositoryCopy(url: string): Promise<ProjectFolder> {
  const sources = ['src', 'migrations', 'ormconfig.ts'];
  const project = await createFolder(url, '.', sources);
  for (const name of [...sources, 'package.json', 'tsconfig.json']) {
    await cp(resolve(name), join(project.path, name), { recursive: true });
  }
  await symlink(resolve('node_modules'), join(project.path, 'node_modules'));
  return project;
}
