import type { FieldPromotion } from '../alter/promote-fields.js';
import { toKebabCase, toLiteral, toPascalCase } from './source-text.js';
import type { TableWidening } from '../alter/widen-columns.js';

/** Name and import path of a migration. */
export interface MigrationOptions {
  /** Class name without timestamp. @default from the change, for example `PromoteSubmissionsFields` */
  readonly className?: string | undefined;
  /** Milliseconds since 1970, the sort key of migrations in TypeORM. @default now */
  readonly timestamp?: number | undefined;
  /** Import path of this package; a folder ending in `/` contains its modules. @default 'harbor-storage' */
  readonly importFrom?: string | undefined;
}

/** A migration to be written. */
export interface MigrationFile {
  /** `1764000000000-promote-submissions-fields.ts` */
  readonly fileName: string;
  /** `PromoteSubmissionsFields1764000000000` */
  readonly className: string;
  readonly source: string;
}

/** Parts of a migration, besides its two functions. */
interface MigrationParts {
  readonly verb: string;
  readonly noun: string;
  readonly table: string;
  /** The file of this package that exports the functions. */
  readonly module: string;
  /** Name and type of the constant that describes the change. */
  readonly constant: string;
  readonly type: string;
  readonly value: string;
  readonly up: string;
  readonly down: string;
  readonly comment: string;
}

/** Source of a migration that turns fields of the extra column into columns. */
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
      comment: `Turns fields captured in ${extra} into columns.`,
    },
    options,
  );
}

/** Source of a migration that widens columns. */
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
      comment: 'Widens columns so that they accept values they rejected.',
    },
    options,
  );
}

/** A column change, as read from the source of a migration. */
interface MigrationChange {
  readonly column: string;
  readonly from?: string;
  readonly dropNotNull?: string;
  readonly existing?: string;
}

/** Identifies migrations that concern a proposal. */
export interface MigrationTarget {
  readonly schema: string | undefined;
  readonly table: string;
  /** Names of the applied migrations. */
  readonly applied: ReadonlySet<string>;
}

/** `column: 'ups'`, in single or double quotes. */
const MEMBER = /\b(\w+): (?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(true))/g;

/**
 * Pending changes of a table in the source of an earlier migration; none if the source is no such migration or the
 * migration is applied.
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

/** Formats the file of a migration. */
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
  /** Each step is its own transaction, so that loads can continue meanwhile. */
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

/** An object on one line if it fits, else one member per line. */
function wrap(members: readonly string[]): string {
  const line = `    { ${members.join(', ')} },`;
  return line.length <= 120 ? line : `    {\n${members.map((member) => `      ${member},\n`).join('')}    },`;
}
