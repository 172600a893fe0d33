import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { withDatabase } from '../support/database/databases.js';
import { queryValue } from '../support/processes/embedded-processes.js';
import { createRepositoryCopy, createUserProject, type ProjectFolder } from '../support/cli/project-folder.js';
import { runCommand } from '../support/cli/run-command.js';

const CLI = 'node_modules/harbor-storage/dist/src/cli/main.js';
const TSC = 'node_modules/typescript/bin/tsc';
const TYPEORM = 'node_modules/typeorm/cli.js';
const SWC = ['--disable-warning=ExperimentalWarning', '--import', '@swc-node/register/esm-register'];

/** Posts as Reddit's API gave them in 2013, made up. */
const POSTS = Array.from({ length: 60 }, (_, n) => ({
  id: `p${n}`,
  name: `t3_p${n}`,
  title: `Post ${n}`,
  ups: 3 * n,
  downs: n,
  domain: n % 2 === 0 ? 'self.smallbusiness' : 'example.com',
  permalink: `/r/smallbusiness/comments/p${n}/`,
  over_18: n % 10 === 0,
  is_self: n % 2 === 0,
  edited: n % 4 === 0 ? 1_369_076_432 + n : false,
  link_flair_text: n === 7 ? 'Question' : null,
}));
const LINES = POSTS.map((post) => JSON.stringify(post)).join('\n');
const LOAD = ['load', 'posts.jsonl', '--into', 'submissions', '--rename', 'name=submission_id,id=reddit_id', '--json'];

const hash = (url: string, table: string) =>
  queryValue(url, `SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM ${table} t`);

/** Puts properties at the end of the last class of a file. */
async function addToClass(project: ProjectFolder, file: string, properties: string): Promise<void> {
  const text = await readFile(join(project.path, file), 'utf8');
  const end = text.lastIndexOf('}');
  await project.write(file, `${text.slice(0, end)}\n${properties}}\n`);
}

/** Lets a file have `CapturedBefore`. */
async function importInto(project: ProjectFolder, file: string, from: string): Promise<void> {
  const text = await readFile(join(project.path, file), 'utf8');
  await project.write(file, `import { CapturedBefore } from '${from}';\n${text}`);
}

/** A command of the sources as they are here, in the folder of a project. @throws when it fails, with what it said */
async function runIn(project: ProjectFolder, url: string, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand(url, args, '', project.path);
  if (exitCode !== 0) {
    throw new Error(stderr);
  }
  return stdout;
}

/** The migrations of a folder that were proposed. */
async function migrationFiles(project: ProjectFolder, folder: string): Promise<string[]> {
  const names = await readdir(join(project.path, folder));
  return names.filter((name) => /-(?:promote|widen)-/.test(name)).map((name) => `${folder}/${name}`);
}

interface Proposed {
  fields: { field: string; decision: string; reason?: string }[];
  entity: { properties: string; recordProperties: string; statements: string };
  migration: { path: string; registeredIn?: string };
  pendingMigration: string | null;
}

describe('in this repository', () => {
  it(
    'fields become columns, and the table is what it was after a revert',
    () =>
      withDatabase(async (url) => {
        const project = await createRepositoryCopy(url);
        try {
          await project.write('posts.jsonl', LINES);
          const changedCli = (...args: string[]) => project.node('dist/src/cli/main.js', ...args);
          const cli = (...args: string[]) => runIn(project, url, args);
          const typeorm = (...args: string[]) => project.node(TYPEORM, ...args, '-d', 'dist/ormconfig.js');
          expect(JSON.parse(await cli(...LOAD))).toMatchObject({ inserted: 60, ok: true });
          const before = await hash(url, 'submissions');

          const proposed = JSON.parse(await cli('schema', 'propose', 'submissions', '--write', '--json')) as Proposed;
          const reasons = proposed.fields.map(({ field, decision, reason }) => [field, reason ?? decision]);
          expect(Object.fromEntries(reasons)).toEqual({
            domain: 'promote',
            downs: 'promote',
            edited: 'mixed_types',
            is_self: 'promote',
            link_flair_text: 'promote',
            over_18: 'promote',
            permalink: 'promote',
            ups: 'promote',
          });
          expect(proposed.migration.registeredIn).toBe('migrations/index.ts');
          const { path } = proposed.migration;
          const again = cli('schema', 'propose', 'submissions', '--write');
          await expect(again).rejects.toThrow(
            `error: A pending migration already covers part of this: ${path}. Run it first`,
          );
          expect(await cli('schema', 'propose', 'submissions')).toContain(
            `A pending migration already covers part of this: ${path}. Run it`,
          );
          expect(await migrationFiles(project, 'migrations')).toEqual([path]);
          // As `npm run migration:run` does it; what follows takes the build, which starts sooner.
          const ran = await project.node(...SWC, TYPEORM, 'migration:run', '-d', 'ormconfig.ts');
          await project.compile();
          expect(ran).toMatch(/PromoteSubmissionsFields\d+ has been executed successfully/);
          expect(ran).not.toContain('query');
          expect(await typeorm('migration:show')).toMatch(/\[X\] \d+ PromoteSubmissionsFields/);
          expect(
            await queryValue(
              url,
              `SELECT count(*)::integer FROM submissions
              WHERE ups = 3 * downs AND domain IS NOT NULL AND permalink LIKE '/r/%' AND over_18 IS NOT NULL
                AND is_self IS NOT NULL AND extra ? 'edited' AND NOT extra ? 'ups'`,
            ),
          ).toBe(60);

          await addToClass(project, 'src/entities/submission.entity.ts', proposed.entity.properties);
          await importInto(project, 'src/entities/submission.entity.ts', './column-roles.js');
          await addToClass(project, 'src/records/profile.record.ts', proposed.entity.recordProperties);
          await project.compile();
          await typeorm('migration:generate', 'migrations/change', '--check');
          expect(JSON.parse(await changedCli(...LOAD))).toMatchObject({ unchanged: 60, ok: true });
          await project.write('posts.jsonl', JSON.stringify({ ...POSTS[0], ups: 99 }));
          expect(JSON.parse(await changedCli(...LOAD))).toMatchObject({ updated: 1, ok: true });
          expect(await queryValue(url, `SELECT ups::text FROM submissions WHERE submission_id = 't3_p0'`)).toBe('99');
          await queryValue(
            url,
            `UPDATE submissions AS t SET ups = 0, load_id = o.load_id, updated_at = o.updated_at
                                 FROM submissions AS o WHERE t.submission_id = 't3_p0' AND o.submission_id = 't3_p1'`,
          );

          await typeorm('migration:revert');
          expect(await hash(url, 'submissions')).toBe(before);
        } finally {
          await project.remove();
        }
      }),
    300_000,
  );
});

const DATA_SOURCE = `import 'reflect-metadata';

import { storageEntities } from 'harbor-storage';
import pg from 'pg';
import { DataSource } from 'typeorm';

import { Price } from './price.entity.js';

export const dataSource = new DataSource({
  type: 'postgres',
  driver: pg,
  url: process.env['DATABASE_URL'],
  entities: [...storageEntities, Price],
  migrations: ['dist/migrations/*.js'],
});
`;
const PRICE = `import { ExtraFields } from 'harbor-storage';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('prices')
export class Price {
  @PrimaryColumn({ type: 'text' })
  sku!: string;

  @ExtraFields()
  @Column({ type: 'jsonb', nullable: true })
  extra!: Record<string, unknown> | null;
}
`;
const CHANGE = `import { SchemaService, writeMigration } from 'harbor-storage';

import { dataSource } from './data-source.js';
import { Price } from './price.entity.js';

await dataSource.initialize();
const proposal = await new SchemaService(dataSource).propose(Price);
console.log(JSON.stringify({ written: await writeMigration(proposal, 'src/migrations'), entity: proposal.entitySource() }));
await dataSource.destroy();
`;

describe('in a project that has installed the package', () => {
  it(
    'fields of its own entity become columns by its own DataSource and migrations',
    () =>
      withDatabase(async (url) => {
        await queryValue(url, 'CREATE TABLE prices (sku text CONSTRAINT "PK_prices" PRIMARY KEY, extra jsonb)');
        await queryValue(
          url,
          `INSERT INTO prices SELECT 'a' || n, jsonb_build_object('amount', n + 0.25, 'seen', '2024-05-01T10:00:00Z', 'tags', '[]'::jsonb)
           FROM generate_series(1, 50) AS n`,
        );
        const before = await hash(url, 'prices');
        const project = await createUserProject(url);
        try {
          await project.write('src/data-source.ts', DATA_SOURCE);
          await project.write(
            'src/price.entity.ts',
            PRICE.replace("type: 'text' }", "type: 'text', primaryKeyConstraintName: 'PK_prices' }"),
          );
          await project.write('src/propose.ts', CHANGE);
          const typeorm = (...args: string[]) => project.node(TYPEORM, ...args, '-d', 'dist/data-source.js');
          await project.compile();
          const { written, entity } = JSON.parse(await project.node('dist/propose.js')) as {
            written: { path: string };
            entity: { properties: string };
          };
          expect(await readFile(join(project.path, written.path), 'utf8')).toContain(`from 'harbor-storage';`);
          await expect(project.node('dist/propose.js')).rejects.toThrow('MIGRATION_PENDING');
          expect(await migrationFiles(project, 'src/migrations')).toEqual([written.path]);

          await project.compile();
          await typeorm('migration:run', '--transaction', 'each');
          await addToClass(project, 'src/price.entity.ts', entity.properties);
          await importInto(project, 'src/price.entity.ts', 'harbor-storage');
          await project.node(TSC);
          await typeorm('migration:generate', 'src/migrations/change', '--check');
          expect(
            await queryValue(url, `SELECT sum(amount)::text || ' ' || min(seen) || ' ' || max(tags::text) FROM prices`),
          ).toBe('1287.5 2024-05-01 10:00:00+00 []');
          await typeorm('migration:revert');
          expect(await hash(url, 'prices')).toBe(before);
        } finally {
          await project.remove();
        }
      }),
    300_000,
  );

  it(
    "fields of this package's tables do too, by columns that are added to its entities from outside",
    () =>
      withDatabase(async (url) => {
        const project = await createUserProject(url);
        try {
          await project.write('posts.jsonl', LINES);
          await runIn(project, url, LOAD);
          const propose = ['schema', 'propose', 'submissions', '--write', '--dir', 'src/migrations'];
          // As shipped: what it imports from depends on where it is run.
          expect(await project.node(CLI, ...propose)).toContain(
            `Column({ name: 'ups', type: 'bigint', nullable: true })(SubmissionEntity.prototype, 'ups');`,
          );
          await expect(runIn(project, url, propose)).rejects.toThrow(
            /already covers part of this: \S+-promote-submissions-fields.ts/,
          );
          const { entity, pendingMigration } = JSON.parse(
            await runIn(project, url, ['schema', 'propose', 'submissions', '--json', '--dir', 'src/migrations']),
          ) as Proposed;
          expect([pendingMigration]).toEqual(await migrationFiles(project, 'src/migrations'));
          await project.write(
            'src/storage-columns.ts',
            `import { CapturedBefore, SubmissionEntity } from 'harbor-storage';\nimport { Column } from 'typeorm';\n\n${entity.statements}`,
          );
          await project.write('src/price.entity.ts', PRICE);
          await project.write(
            'src/data-source.ts',
            `import './storage-columns.js';\n${DATA_SOURCE.replace(', Price]', ']').replace(/import \{ Price.*\n/, '')}`,
          );
          await project.node(TSC);
          await project.node(TYPEORM, 'migration:run', '--transaction', 'each', '-d', 'dist/data-source.js');
          await project.node(
            TYPEORM,
            'migration:generate',
            'src/migrations/change',
            '--check',
            '-d',
            'dist/data-source.js',
          );

          await project.write('posts.jsonl', JSON.stringify({ ...POSTS[3], ups: 77 }));
          const loaded = await project.node('--import', './dist/storage-columns.js', CLI, ...LOAD);
          expect(JSON.parse(loaded)).toMatchObject({ updated: 1, ok: true });
          expect(await queryValue(url, `SELECT ups::text FROM submissions WHERE submission_id = 't3_p3'`)).toBe('77');
          expect(await queryValue(url, `SELECT count(*)::integer FROM submissions WHERE extra ? 'ups'`)).toBe(0);
        } finally {
          await project.remove();
        }
      }),
    300_000,
  );
});
