import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { storageMigrations } from '../../../migrations/index.js';
import { type CommandLine, startCommandLine } from '../../support/cli/command-line.js';
import { createUserProject, type ProjectFolder } from '../../support/cli/project-folder.js';
import { describeDirect } from '../../support/needs/needs.js';

const DATA_SOURCE = `
  import { DataSource, DefaultNamingStrategy, EntitySchema } from 'typeorm';
  class SnakeCase extends DefaultNamingStrategy {
    columnName(property, custom) {
      return custom || property.replaceAll(/[A-Z]/g, (letter) => '_' + letter.toLowerCase());
    }
  }
  const Price = new EntitySchema({
    name: 'Price',
    tableName: 'prices',
    columns: { id: { type: 'integer', primary: true }, unitPrice: { type: 'numeric', nullable: true } },
  });
  const options = {
    type: 'postgres', url: process.env.DATABASE_URL, entities: [Price], namingStrategy: new SnakeCase(),
    synchronize: true, logging: true,
  };
  export const create = () => new DataSource(options);
`;

describe('--data-source', () => {
  let cli: CommandLine;
  let project: ProjectFolder;
  let file: string;
  beforeAll(async () => {
    cli = await startCommandLine();
    project = await createUserProject(cli.url);
    await project.write('create.js', DATA_SOURCE);
    await project.write('data-source.js', `import { create } from './create.js'; export default create();`);
    await cli.rows('CREATE TABLE prices (id integer PRIMARY KEY, unit_price numeric)');
    file = join(project.path, 'data-source.js');
  });
  afterAll(async () => {
    await project.remove();
    await cli.close();
  });

  const run = async (command: string, input = '', dataSource = file) => {
    const { exitCode, stdout, stderr } = await cli.runHere([...command.split(' '), '-d', dataSource], input);
    return [exitCode, stdout === '' || !command.includes('--json') ? stdout : JSON.parse(stdout), stderr] as const;
  };

  it('loads into an entity of the application, by the name of its table or its own', async () => {
    const records = '{"id":1,"unit_price":"1.50"}\n{"id":2,"unitPrice":2}\n{"id":"x"}\n';
    expect(await run('load - --format jsonl --into prices --json', records)).toEqual([
      3,
      expect.objectContaining({ table: 'prices', inserted: 2, rejected: 1 }),
      '',
    ]);
    expect(await run('load - --format csv --into Price --json', 'id,unit_price\n1,1.50\n2,3\n')).toEqual([
      0,
      expect.objectContaining({ updated: 1, unchanged: 1 }),
      '',
    ]);
    expect(await cli.rows('SELECT * FROM prices ORDER BY id')).toEqual([
      { id: 1, unit_price: '1.50' },
      { id: 2, unit_price: '3' },
    ]);
  });

  it('serves the other commands', async () => {
    expect(await run('stats --json')).toMatchObject([0, { tables: { prices: { loaded: 4, rejected: 1 } } }, '']);
    expect(await run('loads --json')).toMatchObject([0, { loads: [{ table: 'prices' }, { table: 'prices' }] }, '']);
    expect(await run('rejects list --table prices --json')).toMatchObject([0, { total: 1 }, '']);
    expect(await run('rejects replay --table prices --json')).toMatchObject([3, { received: 1, rejected: 1 }, '']);
    expect(await run('schema check prices --json')).toMatchObject([0, { ok: true }, '']);
    expect(await run('schema widen prices --json')).toMatchObject([0, { table: 'prices' }, '']);
    expect(await run('migrate up --json')).toEqual([0, { applied: [] }, '']);
  });

  it('tells how to list the rejected records of this DataSource', async () => {
    const [exitCode, stdout, stderr] = await run('load - --format jsonl --into prices', '{"id":"x"}\n');
    expect([exitCode, stderr]).toEqual([3, '']);
    expect(stdout).toMatch(new RegExp(`List them: harbor-storage rejects list --load \\S+ -d ${file}\n`));
  });

  it('tells how to widen a column and replay in the database of this DataSource', async () => {
    await run('load - --format jsonl --into prices', '{"id":7,"unit_price":"seven"}\n');
    const [exitCode, stdout] = await run(`schema widen prices --write --dir ${join(project.path, 'migrations')}`);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`npx typeorm migration:run --transaction each -d ${file}\n`);
    expect(stdout).toContain(`Replay the rejected records: harbor-storage rejects replay -d ${file}\n`);
  });

  describeDirect('options in the connection string')('in a schema of its own', () => {
    it('says which migrations are missing and how to apply them', async () => {
      await cli.rows(
        'DROP SCHEMA IF EXISTS empty CASCADE; CREATE SCHEMA empty; CREATE TABLE empty.prices (LIKE prices)',
      );
      const inEmpty = `import { create } from './create.js';
      export const other = create().setOptions({ schema: 'empty', extra: { options: '-c search_path=empty' } });`;
      await project.write('empty.js', inEmpty);
      const empty = join(project.path, 'empty.js');
      const [exitCode, , stderr] = await run('stats', '', empty);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`npx harbor-storage migrate up -d ${empty}`)]);
      expect(await run('migrate up --json', '', empty)).toMatchObject([
        0,
        { applied: { length: storageMigrations.length } },
        '',
      ]);
      expect(await run('stats --json', '', empty)).toMatchObject([0, { tables: {} }, '']);
    });
  });

  it.each([
    ['default.cjs', 'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = made;'],
    ['member.cjs', 'module.exports = { sources: 1, ["data" + "Source"]: made };'],
    ['whole.cjs', 'module.exports = made;'],
  ])('takes the DataSource of a CommonJS module: %s', async (name, exported) => {
    const made = `const { DataSource } = require('typeorm');
      const made = new DataSource({ type: 'postgres', url: process.env.DATABASE_URL });`;
    await project.write(name, `${made} ${exported}`);
    expect(await run('loads --json', '', join(project.path, name))).toMatchObject([0, {}, '']);
  });

  it('does not wait for what else its file exports', async () => {
    await project.write(
      'promises.js',
      `import { create } from './create.js';
       export const prices = create();
       export const [never, failed] = [new Promise(() => {}), Promise.reject(new Error('s3cret'))];`,
    );
    expect(await run('loads --json', '', join(project.path, 'promises.js'))).toMatchObject([0, {}, '']);
  });

  it('says that a DataSource names no server', async () => {
    await project.write(
      'nowhere.js',
      `import { DataSource } from 'typeorm'; export default new DataSource({ type: 'postgres', url: '', port: 1 });`,
    );
    const [exitCode, , stderr] = await run('stats', '', join(project.path, 'nowhere.js'));
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: Could not connect .* has neither url nor host\./),
    ]);
  });

  it('closes a DataSource that its file has opened', async () => {
    await project.write(
      'opened.js',
      `import { create } from './create.js'; import { storageEntities } from 'harbor-storage';
       const made = create();
       // A pool that is left open keeps the process alive.
       made.setOptions({ extra: { idleTimeoutMillis: 0 }, synchronize: false, entities: [...made.options.entities, ...storageEntities] });
       made.logger = { logQuery: () => {} };
       export const opened = made.initialize();`,
    );
    const args = [
      'load',
      '-',
      '--format',
      'jsonl',
      '--into',
      'prices',
      '--json',
      '-d',
      join(project.path, 'opened.js'),
    ];
    const { exitCode, stdout, stderr } = await cli.run(args, '{"id":7}');
    expect([exitCode, stderr, JSON.parse(stdout)]).toMatchObject([0, '', { inserted: 1 }]);
  });

  it.each([
    ['none.js', 'export const x = 1;', /exports no DataSource/],
    [
      'two.js',
      `import { create } from './create.js'; export const [a, b] = [create(), create()];`,
      /exports 2 DataSour/,
    ],
    [
      'other.js',
      `import { create } from './create.js'; export const a = Object.assign(create(), { options: { type: 'mysql' } });`,
      /of type mysql/,
    ],
    ['broken.js', `throw new RangeError('s3cret');`, /could not import .*broken\.js: RangeError$/m],
    ['missing.js', undefined, /missing\.js not found/],
  ])('rejects a file without one DataSource for Postgres: %s', async (name, content, message) => {
    if (content !== undefined) {
      await project.write(name, content);
    }
    expect(await run('stats', '', join(project.path, name))).toEqual([2, '', expect.stringMatching(message)]);
  });

  it('says what TypeScript needs', async () => {
    await project.write('source.ts', 'export const x: number = 1; @decorated class A {}');
    const { exitCode, stderr } = await cli.run(['stats', '-d', join(project.path, 'source.ts')]);
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining('Name the compiled .js file, or register a loader'),
    ]);
  });

  it.each([
    ['stats --url postgres://localhost/x', /'-d, --data-source <file>' cannot be used with option '--url <url>'/],
    ['load - --format jsonl --into pricse', /no table or entity "pricse"; did you mean prices\? .*prices/],
    ['load - --format jsonl --into storage_loads', /no table or entity "storage_loads"/],
    ['load - --format jsonl --into prices --workers 2', /--workers cannot be used with --data-source/],
  ])('exits with 2 on wrong usage: %s', async (command, message) => {
    expect(await run(command)).toEqual([2, '', expect.stringMatching(message)]);
  });
});
