import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = resolve('.');

/** A project in a temporary folder, on a database. */
export interface ProjectFolder {
  readonly path: string;
  write(file: string, content: string): Promise<void>;
  /** Runs a program of Node; resolves to what it printed on stdout, rejects when it fails. */
  node(...args: string[]): Promise<string>;
  remove(): Promise<void>;
}

async function createFolder(url: string): Promise<ProjectFolder> {
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
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** The project of somebody who has installed this package, as built. */
export async function createUserProject(url: string): Promise<ProjectFolder> {
  const project = await createFolder(url);
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
  for (const name of ['typeorm', 'pg', 'reflect-metadata', 'typescript', '@types/node', '@types/pg']) {
    await symlink(resolve('node_modules', name), join(project.path, 'node_modules', name));
  }
  return project;
}

/** A copy of this repository, to change its sources. */
export async function createRepositoryCopy(url: string): Promise<ProjectFolder> {
  const project = await createFolder(url);
  for (const name of ['src', 'migrations', 'ormconfig.ts', 'package.json', 'tsconfig.json']) {
    await cp(resolve(name), join(project.path, name), { recursive: true });
  }
  await symlink(resolve('node_modules'), join(project.path, 'node_modules'));
  return project;
}
