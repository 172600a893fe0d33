import { getMetadataArgsStorage } from 'typeorm';
import type { ColumnMetadataArgs } from 'typeorm/metadata-args/ColumnMetadataArgs.js';

import { columnRoles } from '../../src/entities/column-roles.js';
import { enrichmentEntities } from '../../src/entities/enrichment/index.js';
import { storageEntities } from '../../src/entities/index.js';
import { fieldRules, type RecordClass, recordClassOf } from '../../src/records/record-decorators.js';
import { entityComments } from './entity-comments.js';
import { markdownTable } from './markdown-table.js';

const HEAD = ['column', 'type', 'null', 'default', 'property', 'meaning'];

/** The tables of this package with their columns and indexes, from the decorators of the entities. */
export function tableReference(): string {
  const comments = entityComments();
  return [...storageEntities, ...enrichmentEntities].map((entity) => sectionOf(entity, comments)).join('\n');
}

function sectionOf(entity: RecordClass, comments: ReadonlyMap<string, string>): string {
  const { tables, indices } = getMetadataArgsStorage();
  const name = tables.find(({ target }) => target === entity)?.name ?? '';
  const chain = classesOf(entity);
  const rows = chain.flatMap((owner) =>
    getMetadataArgsStorage()
      .columns.filter(({ target }) => target === owner)
      .map((column) => rowOf(entity, owner, column, comments)),
  );
  const indexes = indices
    .filter(({ target }) => chain.includes(target as RecordClass))
    .map(
      (index) =>
        `\`${index.name}\`${index.unique === true ? ' (unique)' : ''}${index.type === 'brin' ? ' (BRIN)' : ''}`,
    );
  const entityLine = `Entity \`${entity.name}\`. ${comments.get(entity.name) ?? ''}`.trim();
  const indexLine = indexes.length === 0 ? '' : `\nIndexes beside the primary key: ${indexes.sort().join(', ')}.\n`;
  return `## ${name}\n\n${wrap(entityLine)}\n\n${markdownTable(HEAD, rows)}${wrap(indexLine)}`;
}

/** The class and its parents, the class first. */
function classesOf(entity: RecordClass): RecordClass[] {
  const parent = Object.getPrototypeOf(entity) as RecordClass;
  return parent.prototype === undefined ? [entity] : [entity, ...classesOf(parent)];
}

function rowOf(
  entity: RecordClass,
  owner: RecordClass,
  { options, propertyName, mode }: ColumnMetadataArgs,
  comments: ReadonlyMap<string, string>,
): string[] {
  const fallback: unknown = options.default ?? (mode === 'createDate' ? (): string => 'now()' : undefined);
  const shown = typeof fallback === 'function' ? String(fallback()) : fallback;
  const key = options.primary === true ? 'Primary key.' : '';
  const roles = [...(columnRoles(entity).get(propertyName) ?? [])].filter((role) => role === 'preserved');
  const rule = fieldRules(recordClassOf(entity)).get(propertyName);
  const otherNames = [...(rule?.aliases ?? []), ...(rule?.fillsFrom ?? [])].map((field) => `\`${field}\``);
  const meaning = [
    key,
    comments.get(`${owner.name}.${propertyName}`) ?? '',
    roles.length > 0 ? 'Preserved: null keeps the stored value.' : '',
    rule?.skipWhenAbsent === true ? 'A record without it is skipped.' : '',
    otherNames.length > 0 ? `Fallback fields: ${otherNames.join(', ')}.` : '',
  ];
  return [
    `\`${options.name}\``,
    String(options.type),
    options.nullable === true ? 'yes' : 'no',
    shown === undefined ? '' : `\`${String(shown)}\``,
    `\`${propertyName}\``,
    meaning.filter((part) => part !== '').join(' '),
  ];
}

const WIDTH = 120;

function wrap(text: string): string {
  return text.split(' ').reduce((wrapped, word) => {
    const line = wrapped.slice(wrapped.lastIndexOf('\n') + 1);
    return `${wrapped}${line.length + 1 + word.length > WIDTH ? '\n' : ' '}${word}`;
  });
}
