import type { FieldPromotion } from '../alter/promote-fields.js';
import { toKebabCase, toLiteral, toPascalCase } from './source-text.js';
import type { TableWidening } from '../alter/widen-columns.js';

/** How a migration is to be named, and where it finds this package. */
export interface MigrationOptions {
  /** The class, without its timestamp. @default what it does to the table, `PromoteSubmissionsFields` */
  readonly className?: string | undefined;
  /** Milliseconds since 1970, by which TypeORM orders migrations. @default now */
  readonly timestamp?: number | undefined;
  /** What the migration imports this package from; a folder that ends in `/` holds its modules. @default 'harbor-storage' */
  readonly importFrom?: string | undefined;
}

/** A migration as it is to be written. */
export interface MigrationFile {
  /** `1764000000000-promote-submissions-fields.ts` */
  readonly fileName: string;
  /** `PromoteSubmissionsFields1764000000000` */
  readonly className: string;
  readonly source: string;
}

/** What a migration of a kind needs beside its two functions. */
interface MigrationParts {
  readonly verb: string;
  readonly noun: string;
  readonly table: string;
  /** The file of this package that has them. */
  readonly module: string;
  /** Name and type of the constant that says what is to be done. */
  readonly constant: string;
  readonly type: string;
  readonly value: string;
  readonly up: string;
  readonly down: string;
  readonly comment: string;
}

/** Writes the migration that gives fields of the extra column columns of their own. */
export function promotionSource(promotion: FieldPromotion, options: MigrationOptions): MigrationFile {
  const { schema, table, extra, fields } = promotion;
  const entries = fields.map(({ field, column, type, form, existing }) => {
    const members = [
      `field: ${toLiteral(field)}`,
      `column: ${toLiteral(column)}`,
      `type: ${toLiteral(type)}`,
      form !== undefined && `form: ${toLiteral(form)}`,
      existing !== undefined && `existing: ${toLiteral(existing)}`,
    ].filter((member) => member !== false);
    return wrap(members);
  });
  const value = [
    schema !== undefined && `  schema: ${toLiteral(schema)},`,
    `  table: ${toLiteral(table)},`,
    `  extra: ${toLiteral(extra)},`,
    '  fields: [',
    ...entries,
    '  ],',
  ].filter((line) => line !== false);
  return migrationSource(
    {
      verb: 'promote',
      noun: 'fields',
      table,
      module: 'promote-fields.js',
      constant: 'PROMOTION',
      type: 'FieldPromotion',
      value: `{\n${value.join('\n')}\n}`,
      up: 'promoteFields',
      down: 'returnFields',
      comment: `Gives fields that ${extra} captured columns of their own.`,
    },
    options,
  );
}

/** Writes the migration that makes columns take more. */
export function wideningSource({ schema, table, columns }: TableWidening, options: MigrationOptions): MigrationFile {
  const entries = columns.map(({ column, from, to, by, dropNotNull }) => {
    const members = [
      `column: ${toLiteral(column)}`,
      to !== undefined && `from: ${toLiteral(from ?? '')}, to: ${toLiteral(to)}, by: ${toLiteral(by ?? 'rewrite')}`,
      dropNotNull === true && 'dropNotNull: true',
    ].filter((member) => member !== false);
    return wrap(members);
  });
  const value = [
    schema !== undefined && `  schema: ${toLiteral(schema)},`,
    `  table: ${toLiteral(table)},`,
    '  columns: [',
    ...entries,
    '  ],',
  ].filter((line) => line !== false);
  return migrationSource(
    {
      verb: 'widen',
      noun: 'columns',
      table,
      module: 'widen-columns.js',
      constant: 'WIDENING',
      type: 'TableWidening',
      value: `{\n${value.join('\n')}\n}`,
      up: 'widenColumns',
      down: 'narrowColumns',
      comment: 'Makes columns take values they rejected.',
    },
    options,
  );
}

/** One column a migration of ours changes, as its source says it. */
interface MigrationChange {
  readonly column: string;
  readonly from?: string;
  readonly dropNotNull?: string;
  readonly existing?: string;
}

/** What tells the migrations that concern a proposal from others. */
export interface MigrationTarget {
  readonly schema: string | undefined;
  readonly table: string;
  /** Names of the migrations the database has. */
  readonly applied: ReadonlySet<string>;
}

/** `column: 'ups'`, in the quotes a formatter has chosen. */
const MEMBER = /\b(\w+): (?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(true))/g;

/**
 * What a migration that was written earlier is still to change in a table; nothing where the source is no such migration,
 * or the database has it.
 * @param up - the function it calls
 */
export function readPendingChanges(
  source: string,
  up: 'promoteFields' | 'widenColumns',
  { schema, table, applied }: MigrationTarget,
): readonly MigrationChange[] {
  const name = /\bname = ['"]([^'"]+)['"]/.exec(source)?.[1];
  if (name === undefined || applied.has(name) || !source.includes(`${up}(`)) {
    return [];
  }
  const head = new Map<string, string>();
  const changes: Record<string, string>[] = [];
  for (const [, member = '', single, double, yes] of source.matchAll(MEMBER)) {
    const value = single ?? double ?? yes ?? '';
    if (member === 'column') {
      changes.push({ column: value });
    } else if (changes.length > 0) {
      Object.assign(changes.at(-1) as object, { [member]: value });
    } else {
      head.set(member, value);
    }
  }
  const isSame = head.get('schema') === schema && head.get('table') === table;
  return isSame ? (changes as unknown as MigrationChange[]) : [];
}

/** Lays out the file of a migration. */
function migrationSource(parts: MigrationParts, options: MigrationOptions): MigrationFile {
  const { verb, noun, table, module, constant, type, value, up, down, comment } = parts;
  const { timestamp = Date.now(), importFrom = 'harbor-storage' } = options;
  const base = options.className ?? `${toPascalCase(verb)}${toPascalCase(table)}${toPascalCase(noun)}`;
  const className = `${base}${timestamp}`;
  const from = importFrom.endsWith('/') ? importFrom + module : importFrom;
  const ours = `import { type ${type}, ${[down, up].sort().join(', ')} } from ${toLiteral(from)};`;
  const typeorm = `import type { MigrationInterface, QueryRunner } from 'typeorm';`;
  const imports = importFrom.startsWith('.') ? `${typeorm}\n\n${ours}` : `${ours}\n${typeorm}`;
  const source = `${imports}

const ${constant}: ${type} = ${value};

/** ${comment} */
export class ${className} implements MigrationInterface {
  readonly name = ${toLiteral(className)};
  /** Its steps are transactions of their own, so that loads go on meanwhile. */
  readonly transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    await ${up}(queryRunner, ${constant});
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await ${down}(queryRunner, ${constant});
  }
}
`;
  return { fileName: `${timestamp}-${verb}-${toKebabCase(table)}-${noun}.ts`, className, source };
}

/** An object on one line where it fits, else a member a line. */
function wrap(members: readonly string[]): string {
  const line = `    { ${members.join(', ')} },`;
  return line.length <= 120 ? line : `    {\n${members.map((member) => `      ${member},\n`).join('')}    },`;
}
